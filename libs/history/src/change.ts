/** What of an object is another than before. */
export const changeAspects = [
  'EXISTENCE',
  'NAME',
  'OWNER',
  'DESCRIPTION',
  'TAG',
  'GRANT',
  'POLICY',
  'ALIAS',
  'STAGE',
] as const;
export type ChangeAspect = (typeof changeAspects)[number];

/** What is different between two instants, whatever happened on the way. */
export interface NetChange {
  aspect: ChangeAspect;
  objectKind: string;
  /** As the last of its events names it. */
  objectName: string;
  /** Which tag, alias, policy or grant; empty where there is one of it. */
  key: string;
  /** null: it was not there. */
  before: unknown;
  after: unknown;
  /** How many events made it. */
  eventCount: number;
  /** The newest of them, newest first, 20 at most. */
  events: ChangeEvent[];
}

export interface ChangeEvent {
  id: string;
  occurredAt: Date;
  action: string;
  actorName: string;
  reason: string | null;
}
