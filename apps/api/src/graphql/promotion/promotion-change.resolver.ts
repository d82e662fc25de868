import { AuditTrail } from '@app/audit';
import { InvalidArgument } from '@app/platform';
import { type PromotionChange, PromotionChanges, PromotionRequestReader, showingRequests } from '@app/promotion';
import { Args, Context, Parent, ResolveField, Resolver, Subscription } from '@nestjs/graphql';
import { Requires } from '../../http/requires.js';
import { AuditEventType, toAuditEvent } from '../audit/audit-event.types.js';
import { keyOf } from '../schema/node.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import type { Occurrence } from '../subscriptions/subscription-runner.js';
import { toPromotionRequest } from './convert.js';
import { PromotionRequestChangedArgs, PromotionRequestChangeType } from './promotion-change.types.js';

/** A change of a request, for one subscriber; none when his rights are looked at without one. */
interface ChangeFor extends Occurrence {
  change: PromotionChange | null;
}

/** Changes of promotion requests as they are committed. Each is shown by the rights of its moment, or not at all. */
@Resolver(() => PromotionRequestChangeType)
export class PromotionChangeResolver {
  constructor(
    private readonly changes: PromotionChanges,
    private readonly reader: PromotionRequestReader,
    private readonly trail: AuditTrail,
  ) {}

  @Requires(...showingRequests)
  @Subscription(() => PromotionRequestChangeType, {
    description:
      'Changes of one request, or of all that you may be asked to approve. It ends when you may not see the request any more',
    resolve(this: PromotionChangeResolver, occurrence: ChangeFor) {
      return this.show(occurrence.change as PromotionChange);
    },
  })
  async promotionRequestChanged(
    @Args() { id, awaitingViewer, after }: PromotionRequestChangedArgs,
    @Context() { signal }: GraphqlContext,
  ): Promise<AsyncIterable<ChangeFor>> {
    if ((id != null) === (awaitingViewer === true)) {
      throw new InvalidArgument('give one of id and awaitingViewer: true', ['id']);
    }
    const requestId = id == null ? null : keyOf('PromotionRequest', id);
    // Refused at once where every change would be.
    if (requestId) await this.reader.get(requestId);
    else await this.reader.count({ awaitingViewer: true });
    const position = await this.changes.position(after ?? null);
    return this.occurrences(this.changes.follow(position, requestId, signal as AbortSignal), requestId);
  }

  @Requires('READ_AUDIT')
  @ResolveField(() => AuditEventType, { nullable: true, description: 'null without READ_AUDIT' })
  async event(@Parent() { eventId }: PromotionRequestChangeType): Promise<AuditEventType> {
    return toAuditEvent(await this.trail.get(eventId));
  }

  private async *occurrences(
    changes: AsyncIterable<PromotionChange | null>,
    requestId: string | null,
  ): AsyncGenerator<ChangeFor> {
    for await (const change of changes) {
      yield { change, concerns: () => (requestId ? this.concernsOne(requestId, change) : this.concernsInbox(change)) };
    }
  }

  /** @throws NotFound when the subscriber may not see the request any more */
  private async concernsOne(requestId: string, change: PromotionChange | null): Promise<boolean> {
    await this.reader.get(requestId);
    return change !== null;
  }

  /** Also what awaits him no more: that is how it leaves his inbox. */
  private async concernsInbox(change: PromotionChange | null): Promise<boolean> {
    return change !== null && (await this.reader.awaits(change.requestId)) !== undefined;
  }

  private async show({ sequence, action, eventId, requestId }: PromotionChange): Promise<PromotionRequestChangeType> {
    const promotionRequest = toPromotionRequest(await this.reader.get(requestId));
    const awaitsViewer = (await this.reader.awaits(requestId)) === true;
    return { sequence, action, eventId, awaitsViewer, promotionRequest };
  }
}
