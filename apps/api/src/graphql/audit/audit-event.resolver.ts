import { AuditFilters, AuditTrail } from '@app/audit';
import type { OnModuleInit } from '@nestjs/common';
import { Args, Context, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Open, Requires } from '../../http/requires.js';
import { PrincipalType, principalsAreKnown, toPrincipal } from '../access/principal.type.js';
import { PromotionRequestType } from '../promotion/promotion.types.js';
import { type Connection, ConnectionArgs, toConnection } from '../schema/connection.js';
import { orNull } from '../schema/or-null.js';
import { SecurableType } from '../schema/securable.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import { NodeRegistry } from '../server/node-registry.js';
import { AuditEventConnection, AuditEventsArgs, AuditEventType, toAuditEvent } from './audit-event.types.js';

@Resolver(() => AuditEventType)
export class AuditEventResolver implements OnModuleInit {
  constructor(
    private readonly filters: AuditFilters,
    private readonly registry: NodeRegistry,
    private readonly trail: AuditTrail,
  ) {}

  onModuleInit(): void {
    this.registry.register('AuditEvent', { questions: ['READ_AUDIT'] }, async (id) =>
      toAuditEvent(await this.trail.get(id)),
    );
  }

  @Requires('READ_AUDIT')
  @Query(() => AuditEventConnection, { description: 'The newest first. READ_AUDIT decides which' })
  async auditEvents(@Args() { filter, ...page }: AuditEventsArgs): Promise<Connection<AuditEventType>> {
    const asked = await this.filters.read(filter ?? {});
    const found = await this.trail.list(asked, page);
    return toConnection(found, toAuditEvent, () => this.trail.count(asked));
  }

  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true, description: 'null when the principal was deleted since' })
  async actor(@Parent() { actorId }: AuditEventType, @Context() { loaders }: GraphqlContext) {
    return actorId ? orNull(await loaders.principal.load(actorId), toPrincipal) : null;
  }
}

/** Everything that happened to a securable, and in it, as far as READ_AUDIT reaches. */
@Resolver(() => SecurableType)
export class SecurableAuditFields {
  constructor(
    private readonly filters: AuditFilters,
    private readonly trail: AuditTrail,
  ) {}

  @Requires('READ_AUDIT')
  @ResolveField(() => AuditEventConnection, { description: 'Newest first; what READ_AUDIT lets you see' })
  async auditEvents(
    @Parent() { source }: SecurableType,
    @Args() { filter, ...page }: AuditEventsArgs,
  ): Promise<Connection<AuditEventType>> {
    const asked = { ...(await this.filters.read(filter ?? {})), object: { kind: source.kind, id: source.id } };
    return toConnection(await this.trail.list(asked, page), toAuditEvent, () => this.trail.count(asked));
  }
}

@Resolver(() => PromotionRequestType)
export class PromotionRequestAuditFields {
  constructor(private readonly trail: AuditTrail) {}

  @Requires('READ_AUDIT')
  @ResolveField(() => AuditEventConnection, { description: 'Newest first; what READ_AUDIT lets you see' })
  async timeline(
    @Parent() { source }: PromotionRequestType,
    @Args() page: ConnectionArgs,
  ): Promise<Connection<AuditEventType>> {
    const object = { kind: 'PROMOTION_REQUEST' as const, id: source.id };
    return toConnection(await this.trail.list({ object }, page), toAuditEvent, () => this.trail.count({ object }));
  }
}
