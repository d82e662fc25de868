import type { AuditEvent } from '@app/audit';
import { canonicalJson } from '@app/platform';

/** An event in the log. */
export interface SealedEvent {
  /** From 1 on, without a gap, in the order of the commits. */
  sequence: number;
  event: AuditEvent;
}

/**
 * What an event's leaf is the hash of: all of the event and its sequence number, in canonical JSON (RFC 8785). Instants
 * are in UTC with milliseconds, and what is absent is null. This form is for ever: logs have been sealed with it.
 */
export const leafEntry = ({ sequence, event }: SealedEvent): string =>
  canonicalJson({
    sequence,
    id: event.id,
    occurredAt: event.occurredAt.toISOString(),
    actorId: event.actorId,
    actorName: event.actorName,
    onBehalfOf: event.onBehalfOf,
    action: event.action,
    outcome: event.outcome,
    objectKind: event.objectKind,
    objectId: event.objectId,
    objectName: event.objectName,
    securableId: event.securableId,
    schemaId: event.schemaId,
    catalogId: event.catalogId,
    before: event.before,
    after: event.after,
    reason: event.reason,
    requestId: event.requestId,
    sourceAddress: event.sourceAddress,
  });
