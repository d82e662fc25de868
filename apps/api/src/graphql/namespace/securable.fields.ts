import { Access } from '@app/access';
import { Grants, Securables } from '@app/namespace';
import { Args, Context, Mutation, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Open, Requires } from '../../http/requires.js';
import { PrincipalType, principalsAreKnown, toPrincipal } from '../access/principal.type.js';
import { type Connection, ConnectionArgs, toConnection } from '../schema/connection.js';
import { orNull } from '../schema/or-null.js';
import { Privilege, SecurableType, Tag, toSecurable } from '../schema/securable.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import { VisibleObjects } from '../server/visible-objects.js';
import { GrantConnection, GrantType, toGrant } from './grant.types.js';
import { SecurablePayload, SecurableUpdateInput, TagDeleteInput, TagSetInput } from './securable.inputs.js';

/** What every securable has alike: owner, tags, grants, and what the viewer may do. */
@Resolver(() => SecurableType)
export class SecurableFields {
  constructor(
    private readonly access: Access,
    private readonly grants: Grants,
    private readonly securables: Securables,
    private readonly visible: VisibleObjects,
  ) {}

  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true })
  async owner(@Parent() { source }: SecurableType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.principal.load(source.ownerId), toPrincipal);
  }

  @Requires('DISCOVER')
  @ResolveField(() => [Tag])
  tags(@Parent() { source }: SecurableType, @Context() { loaders }: GraphqlContext): Promise<Tag[]> {
    return loaders.tagsOfSecurable.load(source.id);
  }

  @Open('the caller’s own rights, on an object that he is shown')
  @ResolveField(() => [Privilege], { description: 'What you may do on it, inherited rights included' })
  viewerCan(@Parent() { source }: SecurableType) {
    return this.access.privilegesOn(source);
  }

  @Requires('DISCOVER')
  @ResolveField('grants', () => GrantConnection, {
    description: 'Granted on it. Without MANAGE, those that are yours or your groups’',
  })
  async grantsOn(@Parent() { source }: SecurableType, @Args() page: ConnectionArgs): Promise<Connection<GrantType>> {
    const found = await this.grants.list(source, page);
    return toConnection(found, toGrant, () => this.grants.count(source));
  }

  @Requires('DISCOVER')
  @ResolveField(() => GrantConnection, { description: 'What reaches it from the containers above' })
  async inheritedGrants(
    @Parent() { source }: SecurableType,
    @Args() page: ConnectionArgs,
  ): Promise<Connection<GrantType>> {
    const found = await this.grants.inherited(source, page);
    return toConnection(found, toGrant, () => this.grants.countInherited(source));
  }

  @Requires('MANAGE')
  @Mutation(() => SecurablePayload, { description: 'Description and owner. Needs MANAGE' })
  async securableUpdate(
    @Args('input') { securable, description, owner }: SecurableUpdateInput,
  ): Promise<SecurablePayload> {
    const changes = { ...(description !== undefined && { description }), ...(owner != null && { owner }) };
    const changed = await this.securables.update(securable, changes);
    return { securable: orNull(await this.visible.after(changed), toSecurable) };
  }

  @Requires('APPLY_TAG', 'EDIT')
  @Mutation(() => SecurablePayload, { description: 'Needs APPLY_TAG; on an experiment, EDIT' })
  async tagSet(@Args('input') { securable, key, value }: TagSetInput): Promise<SecurablePayload> {
    await this.securables.setTag(securable, { key, value });
    return { securable: toSecurable(await this.securables.get(securable)) };
  }

  @Requires('APPLY_TAG', 'EDIT')
  @Mutation(() => SecurablePayload, { description: 'Needs APPLY_TAG; on an experiment, EDIT' })
  async tagDelete(@Args('input') { securable, key }: TagDeleteInput): Promise<SecurablePayload> {
    await this.securables.deleteTag(securable, key);
    return { securable: toSecurable(await this.securables.get(securable)) };
  }
}
