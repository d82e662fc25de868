import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { builtInPrincipals, METASTORE_ID, type SecurableKind } from '@app/access';
import type { Database } from '@app/platform';
import fc from 'fast-check';
import sql from 'sql-template-tag';

/** Random worlds for properties about access: plain objects that point at one another, in the words of domain.md. */
export interface Who {
  id: string;
  kind: 'USER' | 'GROUP';
  disabled: boolean;
  in: Who[];
}
export interface Thing {
  id: string;
  kind: SecurableKind;
  parent: Thing | null;
  owner: Who;
}
export interface Given {
  to: Who;
  on: Thing;
  privilege: string;
  expiry: 'never' | 'past' | 'future';
}
export interface World {
  users: Who[];
  groups: Who[];
  things: Thing[];
  given: Given[];
}

const kindsInWords: Record<string, SecurableKind[]> = {
  metastore: ['METASTORE'],
  catalog: ['CATALOG'],
  schema: ['SCHEMA'],
  model: ['REGISTERED_MODEL'],
  experiment: ['EXPERIMENT'],
  'every securable': ['METASTORE', 'CATALOG', 'SCHEMA', 'REGISTERED_MODEL', 'EXPERIMENT'],
};

/** The table of privileges, read from the page itself: where each has a meaning. */
export const grantedOn: Record<string, SecurableKind[]> = Object.fromEntries(
  [...readFileSync('docs/domain.md', 'utf8').matchAll(/^\| ([A-Z_ /]+) \| ([a-z, ]+) \| .+\|$/gm)].flatMap(
    ([, names = '', places = '']) =>
      names.split(' / ').map((name) => [name, places.split(', ').flatMap((place) => kindsInWords[place] ?? [])]),
  ),
);

/** The containers above a thing, inside out. */
export const above = ({ parent }: Thing): Thing[] => (parent ? [parent, ...above(parent)] : []);

/** The places that a thing is in, of the kinds that make up its path. */
export const pathOf = (thing: Thing) => {
  const within = (kind: SecurableKind) => [thing, ...above(thing)].find((one) => one.kind === kind)?.id ?? null;
  const { id, kind, owner } = thing;
  return { id, kind, catalogId: within('CATALOG'), schemaId: within('SCHEMA'), ownerId: owner.id };
};

/** Things are named by their ids. */
export const fullNameOf = (thing: Thing): string =>
  thing.kind === 'METASTORE'
    ? 'metastore'
    : [...above(thing).reverse(), thing]
        .filter(({ kind }) => kind !== 'METASTORE')
        .map(({ id }) => id)
        .join('.');

export const everyone: Who = { id: builtInPrincipals.everyone, kind: 'GROUP', disabled: false, in: [] };
/** Whom nobody is asked about: the owner of what the askers do not own. */
const somebody: Who = { id: builtInPrincipals.metastoreAdmins, kind: 'GROUP', disabled: false, in: [] };

export const drawnGrant = fc.record({
  to: fc.nat(6),
  on: fc.nat(12),
  privilege: fc.nat(20),
  /** Where it can be, a usage privilege: without them there is little that anybody may do. */
  gate: fc.boolean(),
  expiry: fc.constantFrom('never' as const, 'never' as const, 'never' as const, 'future' as const, 'past' as const),
});

const shape = {
  groupNesting: fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { maxLength: 5 }),
  memberships: fc.array(fc.tuple(fc.nat(1), fc.nat(3)), { maxLength: 4, size: 'max' }),
  disabled: fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })),
  owners: fc.array(fc.nat(11), { minLength: 13, maxLength: 13 }),
  parents: fc.array(fc.nat(2), { minLength: 7, maxLength: 7 }),
  given: fc.array(drawnGrant, { maxLength: 40, size: 'max' }),
};

export const worlds = fc.record(shape).map((drawn): World => {
  const who = (kind: Who['kind'], disabled = false): Who => ({ id: randomUUID(), kind, disabled, in: [] });
  const users = [who('USER', drawn.disabled[0] === 0), who('USER', drawn.disabled[1] === 0), who('USER')] as const;
  const groups = [who('GROUP'), who('GROUP'), who('GROUP'), who('GROUP')];
  const join = (member: Who, group: Who) => {
    if (!member.in.includes(group)) member.in.push(group);
  };
  // Only into a group further back: no cycle. The third user is in nothing and owns nothing.
  for (const [one, other] of drawn.groupNesting) if (one < other) join(groups[one] as Who, groups[other] as Who);
  for (const [user, group] of drawn.memberships) join(users[user] as Who, groups[group] as Who);

  const owners = [users[0], users[1], ...groups];
  const thing = (kind: SecurableKind, index: number, parent: Thing | null): Thing => ({
    id: kind === 'METASTORE' ? METASTORE_ID : randomUUID(),
    kind,
    parent,
    owner: owners[drawn.owners[index] as number] ?? somebody,
  });
  const metastore = thing('METASTORE', 0, null);
  const catalogs = [1, 2].map((index) => thing('CATALOG', index, metastore));
  const schemas = [3, 4, 5].map((index, at) => thing('SCHEMA', index, catalogs[(drawn.parents[at] ?? 0) % 2] as Thing));
  const models = [6, 7, 8, 9].map((index, at) =>
    thing('REGISTERED_MODEL', index, schemas[drawn.parents[at + 3] ?? 0] as Thing),
  );
  const experiments = [10, 11].map((index) => thing('EXPERIMENT', index, metastore));
  const things = [metastore, ...catalogs, ...schemas, ...models, ...experiments];

  const given = drawn.given.map((grant) => givenOf(grant, [...owners, everyone], things));
  return { users: [...users], groups, things, given: distinct(given) };
});

/** What can be granted on the drawn thing, and nothing else. */
export function givenOf(
  {
    to,
    on,
    privilege,
    gate,
    expiry,
  }: { to: number; on: number; privilege: number; gate: boolean; expiry: Given['expiry'] },
  holders: Who[],
  things: Thing[],
): Given {
  const place = things[on % things.length] as Thing;
  const possible = Object.keys(grantedOn).filter((name) => grantedOn[name]?.includes(place.kind));
  const gates = possible.filter((name) => name.startsWith('USE_'));
  const grantable = gate && gates.length > 0 ? gates : possible;
  const granted = grantable[privilege % grantable.length] as string;
  return { to: holders[to] as Who, on: place, privilege: granted, expiry };
}

/** What makes a grant the same grant. */
export const keyOf = ({ to, on, privilege }: Given): string => `${to.id} ${on.id} ${privilege}`;

/** A principal is granted a privilege on a thing once. */
export const distinct = (given: Given[]): Given[] => [...new Map(given.map((grant) => [keyOf(grant), grant])).values()];

/** Writes a world in place of the one before. */
export async function store(db: Database, { users, groups, things, given }: World): Promise<void> {
  await db.execute(sql`DELETE FROM grants`);
  for (const kind of ['REGISTERED_MODEL', 'EXPERIMENT', 'SCHEMA', 'CATALOG'])
    await db.execute(sql`DELETE FROM securables WHERE kind = ${kind}`);
  await db.execute(sql`UPDATE securables SET owner_id = ${somebody.id}::uuid`);
  await db.execute(sql`DELETE FROM principals WHERE NOT built_in`);

  const people = [...users, ...groups];
  await db.execute(sql`INSERT INTO principals (id, kind, name, name_key, disabled_at)
    SELECT id, kind, id::text, id::text, disabled_at FROM jsonb_to_recordset(${JSON.stringify(
      people.map(({ id, kind, disabled }) => ({ id, kind, disabled_at: disabled ? new Date() : null })),
    )}::jsonb) AS p(id uuid, kind text, disabled_at timestamptz)`);
  await db.execute(sql`INSERT INTO group_members (group_id, member_id)
    SELECT * FROM jsonb_to_recordset(${JSON.stringify(
      people.flatMap((member) => member.in.map((group) => ({ group_id: group.id, member_id: member.id }))),
    )}::jsonb) AS m(group_id uuid, member_id uuid)`);
  const [metastore, ...others] = things as [Thing, ...Thing[]];
  await db.execute(sql`UPDATE securables SET owner_id = ${metastore.owner.id}::uuid WHERE id = ${METASTORE_ID}::uuid`);
  await db.execute(sql`INSERT INTO securables (id, kind, parent_id, catalog_id, schema_id, owner_id, name, full_name, full_name_key)
    SELECT id, kind, parent_id, catalog_id, schema_id, owner_id, id::text, full_name, full_name FROM jsonb_to_recordset(${JSON.stringify(
      others.map((thing) => ({
        id: thing.id,
        kind: thing.kind,
        parent_id: thing.parent?.id,
        catalog_id: pathOf(thing).catalogId,
        schema_id: pathOf(thing).schemaId,
        owner_id: thing.owner.id,
        full_name: fullNameOf(thing),
      })),
    )}::jsonb) AS s(id uuid, kind text, parent_id uuid, catalog_id uuid, schema_id uuid, owner_id uuid, full_name text)`);
  const ends = { never: null, past: new Date(Date.now() - 60_000), future: new Date(Date.now() + 3_600_000) };
  await db.execute(sql`INSERT INTO grants (id, securable_id, principal_id, privilege, expires_at)
    SELECT * FROM jsonb_to_recordset(${JSON.stringify(
      given.map(({ to, on, privilege, expiry }) => ({
        id: randomUUID(),
        securable_id: on.id,
        principal_id: to.id,
        privilege,
        expires_at: ends[expiry],
      })),
    )}::jsonb) AS g(id uuid, securable_id uuid, principal_id uuid, privilege text, expires_at timestamptz)`);
}
