import { nameKey, nameOf, type SecurableRef } from '../access-file/securable-kind.js';
import { whatIfDocument } from '../server/documents.js';
import type { Reader } from '../server/pages.js';
import type { Style } from '../terminal/style.js';
import { counted, printable } from '../terminal/text.js';
import type { Change, Plan } from './change.js';

/** What the API takes in one question. */
const mostChanges = 50;
const mostLines = 40;

interface Difference extends SecurableRef {
  privilege: string;
  principal: { name: string; kind: string };
}

/** Who could do what from then on, and who no longer: by all changes together, through groups and containers. */
export interface Impact {
  gained: Difference[];
  gainedCount: number;
  lost: Difference[];
  lostCount: number;
  /** PRINCIPALS, ROWS: more than was looked at, or is listed. */
  truncatedBy: string[];
  /** What the answer leaves out. */
  notes: string[];
}

type Asked = Exclude<Change, { kind: 'group' | 'policy' }>;

/** What the plan would bring about; the server works it out, and nothing is changed. */
export async function impactOf(client: Reader, { changes }: Plan): Promise<Impact> {
  const made = new Set(changes.flatMap((change) => (change.kind === 'group' ? [nameKey(change.group)] : [])));
  const all = changes.filter((change): change is Asked => change.kind !== 'group' && change.kind !== 'policy');
  const asked = all.filter((change) => !namesOf(change).some((name) => made.has(nameKey(name))));
  const nothing = { gained: [], gainedCount: 0, lost: [], lostCount: 0, truncatedBy: [] };
  const notes: string[] = [];
  if (asked.length < all.length) {
    notes.push(`${counted(all.length - asked.length, 'change')} of groups that are to be made: not looked at`);
  }
  if (asked.length > mostChanges) {
    notes.push(`${asked.length} changes are more than the ${mostChanges} whose impact can be asked for at once`);
  }
  if (asked.length === 0 || asked.length > mostChanges) return { ...nothing, notes };
  const { impact } = await client.query<{ impact: Omit<Impact, 'notes'> | null }>(whatIfDocument, {
    changes: inputOf(asked),
  });
  return { ...(impact ?? nothing), notes };
}

function namesOf(change: Asked): string[] {
  if (change.kind === 'member') return [change.group, change.member];
  return [change.kind === 'grant' ? change.principal : change.owner];
}

function inputOf(changes: readonly Asked[]) {
  const of = <Kind extends Asked['kind']>(kind: Kind) =>
    changes.filter((change): change is Extract<Asked, { kind: Kind }> => change.kind === kind);
  const members = (action: 'create' | 'delete') =>
    of('member')
      .filter((change) => change.action === action)
      .map(({ group, member }) => ({ group, member }));
  const key = ({ principal, privilege, on }: Extract<Asked, { kind: 'grant' }>) => ({
    principal,
    privilege,
    securable: on,
  });
  const grants = of('grant');
  return {
    addGrants: grants
      .filter(({ action }) => action !== 'delete')
      .map((one) => ({ ...key(one), expiresAt: one.expiresAt })),
    removeGrants: grants.filter(({ action }) => action === 'delete').map(key),
    addMembers: members('create'),
    removeMembers: members('delete'),
    changeOwners: of('owner').map(({ on, owner }) => ({ securable: on, owner })),
  };
}

export function impactLines(impact: Impact, style: Style): string[] {
  const { gained, gainedCount, lost, lostCount, truncatedBy, notes } = impact;
  const lines = [
    ...byPrincipal(gained).map((line) => style.added(`    + ${line}`)),
    ...byPrincipal(lost).map((line) => style.removed(`    - ${line}`)),
  ];
  const more = lines.length > mostLines || truncatedBy.length > 0 ? ['    … and more'] : [];
  return [
    '',
    `${style.strong('Impact:')} ${counted(gainedCount, 'right')} gained, ${lostCount} lost.`,
    ...lines.slice(0, mostLines),
    ...more,
    ...notes.map((note) => style.faint(`  note: ${note}`)),
  ];
}

/** `lea: EXECUTE, APPLY_TAG on model prod.fraud.scorer` */
function byPrincipal(differences: readonly Difference[]): string[] {
  const privileges = new Map<string, { who: string; what: string; words: string[] }>();
  for (const { principal, privilege, kind, fullName } of differences) {
    const what = nameOf({ kind, fullName });
    const key = `${principal.name} ${what}`;
    const known = privileges.get(key) ?? { who: principal.name, what, words: [] };
    known.words.push(privilege);
    privileges.set(key, known);
  }
  return [...privileges.values()].map(({ who, what, words }) => printable(`${who}: ${words.join(', ')} on ${what}`));
}
