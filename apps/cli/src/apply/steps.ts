import { refKey, type SecurableKind } from '../access-file/securable-kind.js';
import type { Change, GrantChange, Plan, PolicyChange } from './change.js';

/** What is sent in one request: all of its changes are made, or none of them. */
export type Step =
  | { kind: 'grants'; changes: GrantChange[] }
  | { kind: 'policy'; changes: [PolicyChange] }
  | { kind: 'other'; changes: [Exclude<Change, GrantChange | PolicyChange>] };

/** The server takes that many changes of grants in one request. */
const grantsAtOnce = 100;

const depths: Record<SecurableKind, number> = {
  METASTORE: 0,
  CATALOG: 1,
  EXPERIMENT: 1,
  SCHEMA: 2,
  REGISTERED_MODEL: 3,
};

/**
 * The order of an apply. First what gives, containers before what is in them: whoever applies may be given the right to
 * go on. Then what takes, the deepest first and the metastore last: he keeps the rights that he needs to finish.
 */
export function stepsOf({ changes }: Plan): Step[] {
  const of = <Kind extends Change['kind']>(kind: Kind) =>
    changes.filter((change): change is Extract<Change, { kind: Kind }> => change.kind === kind);
  const single = (change: Exclude<Change, GrantChange | PolicyChange>): Step => ({ kind: 'other', changes: [change] });
  const grants = of('grant');
  const members = of('member');
  const takes = grants.filter(({ action }) => action === 'delete');
  const onMetastore = ({ on }: { on: { kind: SecurableKind } }) => on.kind === 'METASTORE';
  const below = <Item extends { on: { kind: SecurableKind } }>(items: Item[]) =>
    items.filter((item) => !onMetastore(item));
  return [
    ...of('group').map(single),
    ...members.filter(({ action }) => action === 'create').map(single),
    ...batches(shallowFirst(grants.filter(({ action }) => action !== 'delete'))),
    ...shallowFirst(of('policy')).map((change): Step => ({ kind: 'policy', changes: [change] })),
    ...batches(shallowFirst(below(takes)).reverse()),
    ...shallowFirst(below(of('owner')))
      .reverse()
      .map(single),
    ...members.filter(({ action }) => action === 'delete').map(single),
    ...batches(takes.filter(onMetastore)),
    ...of('owner').filter(onMetastore).map(single),
  ];
}

const shallowFirst = <Item extends { on: { kind: SecurableKind } }>(items: readonly Item[]): Item[] =>
  [...items].sort((one, other) => depths[one.on.kind] - depths[other.on.kind]);

function batches(changes: readonly GrantChange[]): Step[] {
  const bySecurable = new Map<string, GrantChange[]>();
  for (const change of changes) {
    const key = refKey(change.on);
    bySecurable.set(key, [...(bySecurable.get(key) ?? []), change]);
  }
  return [...bySecurable.values()].flatMap((all) =>
    Array.from({ length: Math.ceil(all.length / grantsAtOnce) }, (_, index): Step => {
      const part = all.slice(index * grantsAtOnce, (index + 1) * grantsAtOnce);
      return { kind: 'grants', changes: part };
    }),
  );
}
