import { AuditTrail } from '@app/audit';
import { type PromotionRequest, type RecordedChange, RequestRecords } from '@app/promotion';
import { EventProofs, leafEntry, leafHash } from '@app/transparency';
import { Injectable } from '@nestjs/common';
import type { Dossier } from './dossier.schema.js';

type EventsPart = NonNullable<Dossier['events']>;

const mostEvents = 500;
const base64 = (hash: Buffer): string => hash.toString('base64');

/** What was recorded of a request, and the proof that it was. */
@Injectable()
export class EventParts {
  constructor(
    private readonly proofs: EventProofs,
    private readonly records: RequestRecords,
    private readonly trail: AuditTrail,
  ) {}

  /** The last changes. */
  changes(request: PromotionRequest): Promise<RecordedChange[]> {
    return this.records.changesOf(request.id, mostEvents);
  }

  /** What happened and when: whoever sees the request is told that of each change. Who and why is in the events. */
  history(changes: readonly RecordedChange[]): Dossier['request']['history'] {
    return changes.flatMap(({ action, occurredAt }) =>
      action === null || occurredAt === null ? [] : [{ action, at: occurredAt.toISOString() }],
    );
  }

  /** The events of these changes that READ_AUDIT reaches, each proven against one checkpoint. */
  async events(request: PromotionRequest, changes: readonly RecordedChange[]): Promise<EventsPart> {
    const ids = changes.map(({ eventId }) => eventId);
    const events = new Map((await this.trail.byIds(ids)).map((event) => [event.id, event]));
    const gone = new Set(changes.filter(({ action }) => action === null).map(({ eventId }) => eventId));
    const { checkpoint, leaves } = await this.proofs.of(ids.filter((id) => events.has(id) || gone.has(id)));
    const sealed = leaves.map(({ eventId, sequence, hash, hashes }) => {
      const event = events.get(eventId);
      const entry = event ? leafEntry({ sequence, event }) : null;
      return {
        sequence,
        // What is not what was sealed proves nothing.
        entry: entry !== null && leafHash(entry).equals(hash) ? entry : null,
        leafHash: base64(hash),
        proof: hashes.map(base64),
      };
    });
    const isSealed = new Set(leaves.map(({ eventId }) => eventId));
    const waiting = ids
      .filter((id) => events.has(id) && !isSealed.has(id))
      .map(() => ({ sequence: null, entry: null, leafHash: null, proof: [] }));
    return {
      checkpoint: checkpoint?.note ?? null,
      treeSize: checkpoint?.treeSize ?? null,
      rootHash: checkpoint && base64(checkpoint.rootHash),
      entries: [...sealed, ...waiting],
      omitted: Math.max(0, (await this.records.countChanges(request.id)) - changes.length),
    };
  }
}
