import type { PolicyRules } from '../access-file/rules.schema.js';
import type { SecurableRef } from '../access-file/securable-kind.js';

interface GroupChange {
  kind: 'group';
  action: 'create';
  group: string;
}

interface MemberChange {
  kind: 'member';
  action: 'create' | 'delete';
  group: string;
  member: string;
}

export interface GrantChange {
  kind: 'grant';
  action: 'create' | 'update' | 'delete';
  on: SecurableRef;
  principal: string;
  privilege: string;
  /** When it is to end; null for never. */
  expiresAt: string | null;
  /** When it ends now, for those that are there. */
  endedAt?: string | null;
}

interface OwnerChange {
  kind: 'owner';
  action: 'update';
  on: SecurableRef;
  owner: string;
  /** null when the caller may not know him. */
  was: string | null;
}

export interface PolicyChange {
  kind: 'policy';
  action: 'create' | 'update' | 'delete';
  on: SecurableRef;
  policy: string;
  /** What it is to say; the rules that end, of one that is retired. */
  rules: PolicyRules;
  /** What it says now, and the fields that change. */
  was?: PolicyRules;
  fields?: (keyof PolicyRules)[];
  /** Of one that is there: its id and the revision that was seen. */
  id?: string;
  revision?: number;
}

/** One thing that an apply does. */
export type Change = GroupChange | MemberChange | GrantChange | OwnerChange | PolicyChange;

export interface Plan {
  changes: Change[];
  /** What the reader should know, and no change follows from. */
  notes: string[];
  /** The revision of the grants that the plan was made for, by `refKey`. */
  revisions: Map<string, number>;
}

/** Does it take something away from somebody, or change what protects a target? Then it is asked first. */
export function isDestructive(change: Change): boolean {
  if (change.action === 'delete') return true;
  if (change.action === 'create') return false;
  return change.kind !== 'grant' || endsEarlier(change);
}

function endsEarlier({ expiresAt, endedAt = null }: GrantChange): boolean {
  if (expiresAt === null) return false;
  return endedAt === null || Date.parse(expiresAt) < Date.parse(endedAt);
}
