import { nameOf, refKey } from '../access-file/securable-kind.js';
import type { Style } from '../terminal/style.js';
import { counted, instant, printable } from '../terminal/text.js';
import type { Change, GrantChange, Plan, PolicyChange } from './change.js';
import { ordered } from './policy-rules.js';

const marks = { create: '+', update: '~', delete: '-' } as const;

/** What one change does, in words. */
export function describe(change: Change): string {
  switch (change.kind) {
    case 'group':
      return 'the group itself';
    case 'member':
      return `member ${change.member}`;
    case 'owner':
      return `owner ${change.was ?? 'unknown'} → ${change.owner}`;
    case 'grant':
      return `grant ${change.privilege} to ${change.principal}${expiry(change)}`;
    case 'policy':
      return `policy ${change.policy}${policyDetail(change)}`;
  }
}

function expiry({ action, expiresAt, endedAt }: GrantChange): string {
  const until = (at: string | null | undefined) => (at ? `until ${instant(at)}` : 'without end');
  if (action === 'update') return `, ${until(endedAt)} → ${until(expiresAt)}`;
  const at = action === 'create' ? expiresAt : endedAt;
  return at ? `, ${until(at)}` : '';
}

function policyDetail({ action, rules, revision = 0 }: PolicyChange): string {
  if (action === 'delete') return ': retired, it protects nothing more';
  if (action === 'update') return `, revision ${revision} → ${revision + 1}`;
  const approvals = rules.approvals.reduce((sum, { count }) => sum + count, 0);
  const protects = [...rules.protects.stages, ...rules.protects.aliases].join(', ');
  return `: protects ${protects}; ${counted(rules.gates.length, 'gate')}, ${counted(approvals, 'approval')}`;
}

/** What a new revision says instead, one field after the other. */
function ruleLines(change: Change, style: Style): string[] {
  if (change.kind !== 'policy' || change.action !== 'update') return [];
  const { rules, was, fields = [] } = change;
  return fields.flatMap((field) => [
    style.removed(`        - ${field}: ${printable(JSON.stringify(ordered(was?.[field])))}`),
    style.added(`        + ${field}: ${printable(JSON.stringify(ordered(rules[field])))}`),
  ]);
}

function headingOf(change: Change): string {
  return change.kind === 'group' || change.kind === 'member' ? `group ${change.group}` : nameOf(change.on);
}

const keyOf = (change: Change): string =>
  change.kind === 'group' || change.kind === 'member' ? `GROUP ${change.group}` : refKey(change.on);

const painterOf = (style: Style, action: Change['action']) =>
  ({ create: style.added, update: style.changed, delete: style.removed })[action];

/** The changes below the group or the securable that they belong to. */
export function changeLines(changes: readonly Change[], style: Style): string[] {
  const byPlace = new Map<string, Change[]>();
  for (const change of changes) byPlace.set(keyOf(change), [...(byPlace.get(keyOf(change)) ?? []), change]);
  return [...byPlace.values()].flatMap((group) => [
    `  ${style.strong(printable(headingOf(group[0] as Change)))}`,
    ...group.flatMap((change) => [
      painterOf(style, change.action)(`    ${marks[change.action]} ${printable(describe(change))}`),
      ...ruleLines(change, style),
    ]),
  ]);
}

export function countsOf(changes: readonly Change[]): Record<'create' | 'update' | 'delete', number> {
  const count = (action: Change['action']) => changes.filter((change) => change.action === action).length;
  return { create: count('create'), update: count('update'), delete: count('delete') };
}

/** The whole plan, and what it comes to. */
export function planLines({ changes, notes }: Plan, style: Style): string[] {
  const told = notes.map((note) => style.faint(`  note: ${printable(note)}`));
  if (changes.length === 0) return [...told, 'Nothing to change: the server is as the file says.'];
  const counts = countsOf(changes);
  const sum = [
    style.added(`${counts.create} to create`),
    style.changed(`${counts.update} to update`),
    style.removed(`${counts.delete} to delete`),
  ];
  return [...changeLines(changes, style), ...told, '', `${style.strong('Plan:')} ${sum.join(', ')}.`];
}
