import { Grants } from '@app/namespace';
import type { OnModuleInit } from '@nestjs/common';
import { Args, Context, Mutation, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Open, Requires } from '../../http/requires.js';
import { PrincipalType, principalsAreKnown, toPrincipal } from '../access/principal.type.js';
import { type Connection, ConnectionArgs, toConnection } from '../schema/connection.js';
import { globalId, keyOf } from '../schema/node.js';
import { orNull } from '../schema/or-null.js';
import { toSecurable } from '../schema/securable.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import { NodeRegistry } from '../server/node-registry.js';
import { VisibleObjects } from '../server/visible-objects.js';
import {
  GrantConnection,
  GrantCreateInput,
  GrantPayload,
  GrantRevokeInput,
  GrantRevokePayload,
  GrantsUpdateInput,
  GrantsUpdatePayload,
  GrantType,
  toGrant,
} from './grant.types.js';

@Resolver(() => GrantType)
export class GrantResolver implements OnModuleInit {
  constructor(
    private readonly grants: Grants,
    private readonly registry: NodeRegistry,
    private readonly visible: VisibleObjects,
  ) {}

  onModuleInit(): void {
    this.registry.register('Grant', { questions: ['MANAGE'] }, async (id) => toGrant(await this.grants.get(id)));
  }

  @Requires('MANAGE')
  @Mutation(() => GrantPayload, {
    description: 'The same grant once more changes its expiry. Needs MANAGE on the securable',
  })
  async grantCreate(
    @Args('input') { securable, principal, privilege, expiresAt }: GrantCreateInput,
  ): Promise<GrantPayload> {
    return { grant: toGrant(await this.grants.grant({ securable, principal, privilege, expiresAt })) };
  }

  @Requires('MANAGE')
  @Mutation(() => GrantRevokePayload, {
    description: 'It acts no more from the next request on. Needs MANAGE on the securable',
  })
  async grantRevoke(@Args('input') { grantId }: GrantRevokeInput): Promise<GrantRevokePayload> {
    const { id } = await this.grants.revoke(keyOf('Grant', grantId, 'grantId'));
    return { revokedGrantId: globalId('Grant', id) };
  }

  @Requires('MANAGE')
  @Mutation(() => GrantsUpdatePayload, {
    description: 'Adds and removes up to 100, all or none. Needs MANAGE on the securable',
  })
  async grantsUpdate(@Args('input') input: GrantsUpdateInput): Promise<GrantsUpdatePayload> {
    const { add, remove, expectedRevision } = input;
    const { granted, revoked, securable } = await this.grants.update(input.securable, {
      add,
      remove,
      expectedRevision,
    });
    return {
      granted: granted.map(toGrant),
      revoked: revoked.map(toGrant),
      securable: orNull(await this.visible.after(securable), toSecurable),
    };
  }

  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true })
  async principal(@Parent() { principalId }: GrantType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.principal.load(principalId), toPrincipal);
  }

  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true })
  async grantedBy(@Parent() { grantedById }: GrantType, @Context() { loaders }: GraphqlContext) {
    return grantedById ? orNull(await loaders.principal.load(grantedById), toPrincipal) : null;
  }
}

/** The grants of a principal, wherever they are. */
@Resolver(() => PrincipalType)
export class PrincipalGrantFields {
  constructor(private readonly grants: Grants) {}

  @Requires('MANAGE')
  @ResolveField('grants', () => GrantConnection, {
    description: 'Direct ones, on objects that you may manage; your own always',
  })
  async grantsOf(@Parent() { source }: PrincipalType, @Args() page: ConnectionArgs): Promise<Connection<GrantType>> {
    const found = await this.grants.ofPrincipal(source.id, page);
    return toConnection(found, toGrant, () => this.grants.countOfPrincipal(source.id));
  }
}
