import type { Replay } from '../../apps/cli/src/audit/replay.js';

/** As GraphQL tells it. */
export interface Change {
  aspect: string;
  key: string;
  objectName: string;
  before: { expiresAt?: unknown } | string | number | null;
  after: { expiresAt?: unknown } | string | number | null;
  eventCount: number;
  events: { id: string }[];
}

/**
 * What a replay says of one securable, aspect by aspect. A grant that ends by its expiry ends without an event: those are
 * left out.
 */
export function wordsOf(replay: Replay, id: string, expiring: ReadonlySet<string>): Map<string, unknown> | undefined {
  const found = replay.securables.get(id);
  if (!found) return undefined;
  return new Map<string, unknown>([
    ['OWNER', replay.principals.get(found.ownerId)?.name],
    ...[...found.policies.values()].map(({ name, revision }): [string, unknown] => [`POLICY ${name}`, revision]),
    ...[...found.grants.keys()]
      .filter((key) => !expiring.has(`${id} ${key}`))
      .map((key): [string, unknown] => [`GRANT ${key}`, 'granted']),
    ...[...found.aliases].map(([alias, { version }]): [string, unknown] => [`ALIAS ${alias}`, version]),
  ]);
}

/** The same words for what the service tells. The replay knows no other aspects. */
export function worded(
  { aspect, key, before, after, eventCount, events }: Change,
  id: string,
  expiring: ReadonlySet<string>,
): string[] {
  expect(events).toHaveLength(Math.min(eventCount, 20));
  if (!['OWNER', 'POLICY', 'GRANT', 'ALIAS'].includes(aspect) || expiring.has(`${id} ${key}`)) return [];
  const value = (side: Change['before']) => (side !== null && aspect === 'GRANT' ? 'granted' : side);
  return [`${aspect}${key ? ` ${key}` : ''}: ${value(before)} -> ${value(after)}`];
}
