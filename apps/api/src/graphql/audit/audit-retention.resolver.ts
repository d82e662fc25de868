import { AuditRetentions, LegalHolds } from '@app/transparency';
import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Requires } from '../../http/requires.js';
import { type Connection, ConnectionArgs, toConnection } from '../schema/connection.js';
import {
  AuditRetentionPayload,
  AuditRetentionSetInput,
  AuditRetentionType,
  LegalHoldConnection,
  LegalHoldPayload,
  LegalHoldPlaceInput,
  LegalHoldReleaseInput,
  LegalHoldType,
  toLegalHold,
  toRetention,
} from './audit-retention.types.js';

/** How long events are kept, and which are kept in any case. */
@Resolver(() => LegalHoldType)
export class AuditRetentionResolver {
  constructor(
    private readonly holds: LegalHolds,
    private readonly retentions: AuditRetentions,
  ) {}

  @Requires('READ_AUDIT')
  @Query(() => [AuditRetentionType], {
    description: 'How long events are kept, for every class. Needs READ_AUDIT on the metastore',
  })
  async auditRetention(): Promise<AuditRetentionType[]> {
    return (await this.retentions.list()).map(toRetention);
  }

  @Requires('READ_AUDIT')
  @Query(() => LegalHoldConnection, {
    description: 'The newest first, released ones too. Needs READ_AUDIT on the metastore',
  })
  async legalHolds(@Args() page: ConnectionArgs): Promise<Connection<LegalHoldType>> {
    return toConnection(await this.holds.list(page), toLegalHold, () => this.holds.count());
  }

  @Requires('MANAGE')
  @Mutation(() => AuditRetentionPayload, {
    description:
      'Says how long events of a class are kept, at least; it deletes nothing by itself. Needs MANAGE on the metastore',
  })
  async auditRetentionSet(@Args('input') input: AuditRetentionSetInput): Promise<AuditRetentionPayload> {
    const { eventClass, days, reason } = input;
    return { auditRetention: toRetention(await this.retentions.set(eventClass, days ?? null, reason)) };
  }

  @Requires('MANAGE', 'READ_AUDIT')
  @Mutation(() => LegalHoldPayload, {
    description: 'Needs MANAGE on the metastore, and READ_AUDIT on the object',
  })
  async legalHoldPlace(@Args('input') input: LegalHoldPlaceInput): Promise<LegalHoldPayload> {
    return { legalHold: toLegalHold(await this.holds.place(input)) };
  }

  @Requires('MANAGE')
  @Mutation(() => LegalHoldPayload, { description: 'Needs MANAGE on the metastore' })
  async legalHoldRelease(@Args('input') { name, reason }: LegalHoldReleaseInput): Promise<LegalHoldPayload> {
    return { legalHold: toLegalHold(await this.holds.release(name, reason)) };
  }
}
