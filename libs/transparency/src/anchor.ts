import { createHash } from 'node:crypto';

/** A place outside of the database that signed checkpoints are written to: one entry of AUDIT_ANCHORS. */
export interface Anchor {
  /** SHA-256 of the entry: another entry is another anchor. */
  id: string;
  kind: 'FILE' | 'S3' | 'WEBHOOK';
  /** The entry itself. Of a webhook it may hold a secret. */
  location: string;
  /** What people are shown of it: of a webhook, its origin. */
  place: string;
}

/** @param location an entry of AUDIT_ANCHORS, whose form the configuration has checked */
export function anchorOf(location: string): Anchor {
  const id = createHash('sha256').update(location).digest('hex');
  if (location.startsWith('file:')) return { id, kind: 'FILE', location, place: location };
  if (location.startsWith('s3:')) return { id, kind: 'S3', location, place: location };
  return { id, kind: 'WEBHOOK', location, place: new URL(location).origin };
}
