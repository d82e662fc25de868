import type { SecurableKind } from '@app/access';
import type { AuditObject } from '@app/audit';
import { InvalidArgument } from '@app/platform';

/** Keeps the events of an object from being deleted, whatever their retention, until it is released. */
export interface LegalHold {
  id: string;
  /** What it is released by; of a case, say. Never given twice. */
  name: string;
  reason: string;
  objectKind: SecurableKind;
  /** As the object was called when the hold was placed. */
  objectName: string;
  /** The first instant whose events are held; null: from the beginning. */
  eventsFrom: Date | null;
  /** The first instant whose events no longer are; null: for all that is to come. */
  eventsTo: Date | null;
  placedBy: string;
  placedAt: Date;
  releasedBy: string | null;
  releasedAt: Date | null;
  releaseReason: string | null;
}

export interface LegalHoldInput {
  name: string;
  reason: string;
  on: { kind: SecurableKind; fullName: string };
  eventsFrom?: Date | null;
  eventsTo?: Date | null;
}

const longestName = 200;
const longestReason = 2000;

/** @throws InvalidArgument for an empty text, or one that is too long */
function checkedText(field: string, text: string, longest: number): string {
  const trimmed = text.trim();
  if (trimmed !== '' && trimmed.length <= longest) return trimmed;
  throw new InvalidArgument(`${field}: must have 1 to ${longest} characters, and has ${trimmed.length}`, [field]);
}

export const checkedReason = (reason: string): string => checkedText('reason', reason, longestReason);

/** @throws InvalidArgument for a name, a reason, or a time that cannot be */
export function checkedHold({ name, reason, eventsFrom = null, eventsTo = null }: LegalHoldInput) {
  if (eventsFrom && eventsTo && eventsFrom >= eventsTo) {
    const [from, to] = [eventsFrom.toISOString(), eventsTo.toISOString()];
    throw new InvalidArgument(`eventsFrom: ${from} is not before eventsTo, ${to}`, ['eventsFrom']);
  }
  return { name: checkedText('name', name, longestName), reason: checkedReason(reason), eventsFrom, eventsTo };
}

/** For the auditors of the metastore alone: a hold tells of a case. */
export const auditedHold = ({ id, name }: LegalHold): AuditObject => ({ kind: 'LEGAL_HOLD', id, name, within: null });
