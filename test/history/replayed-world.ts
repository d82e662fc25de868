import type { Replay } from '../../apps/cli/src/audit/replay.js';
import { everyone, type Given, type Thing, type Who } from '../support/worlds.js';

/** A replayed state in the words of the reference for access, which knows neither the service nor the replay. */
export function worldOf({ principals, securables }: Replay, at: Date) {
  const people = new Map<string, Who>([[everyone.id, everyone]]);
  for (const [id, { kind, disabled }] of principals) {
    if (id !== everyone.id) people.set(id, { id, kind: kind === 'GROUP' ? 'GROUP' : 'USER', disabled, in: [] });
  }
  for (const [id, { members }] of principals) {
    for (const member of members) people.get(member)?.in.push(people.get(id) as Who);
  }
  const metastoreId = [...securables].find(([, { kind }]) => kind === 'METASTORE')?.[0] as string;
  const things = new Map<string, Thing>();
  const thing = (id: string): Thing => {
    const known = things.get(id);
    if (known) return known;
    const { kind, ownerId, catalogId, schemaId } = securables.get(id) ?? raise(id);
    const parentId = [schemaId, catalogId, metastoreId].find(
      (each) => each !== null && each !== id && kind !== 'METASTORE',
    );
    const owner = people.get(ownerId) ?? { id: ownerId, kind: 'USER', disabled: false, in: [] };
    const made: Thing = { id, kind: kind as Thing['kind'], parent: parentId ? thing(parentId) : null, owner };
    things.set(id, made);
    return made;
  };
  const given = [...securables].flatMap(([id, { grants }]) =>
    [...grants.values()].map(
      ({ principalId, privilege, expiresAt }): Given => ({
        to: people.get(principalId) as Who,
        on: thing(id),
        privilege,
        expiry: expiresAt !== null && Date.parse(expiresAt) <= at.getTime() ? 'past' : 'never',
      }),
    ),
  );
  return { people, given, thing };
}

const raise = (id: string): never => {
  throw new Error(`the replay knows no ${id}`);
};
