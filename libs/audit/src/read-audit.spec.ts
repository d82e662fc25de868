import { randomUUID } from 'node:crypto';
import { Access, AccessSnapshots } from '@app/access';
import fc from 'fast-check';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import {
  above,
  distinct,
  everyone,
  store,
  type Thing,
  type Who,
  type World,
  worlds,
} from '../../../test/support/worlds.js';
import type { AuditObject } from './audit-event.js';
import { AuditLog } from './audit-log.js';
import { AuditTrail } from './audit-trail.service.js';

describe('READ_AUDIT', () => {
  let t: TestModule;
  beforeAll(async () => {
    t = await createTestModule([]);
  });
  afterAll(() => t.close());

  it('is the same event by event, in the list, and in domain.md, in any world', async () => {
    const access = t.module.get(Access);
    const log = t.module.get(AuditLog);
    const trail = t.module.get(AuditTrail);
    const seen = { allowed: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(worlds.map(withAuditors), async (world) => {
        await store(t.db, world);
        await t.module.get(AccessSnapshots).changed();
        const action = `world.${randomUUID()}`;
        const writer = { id: everyone.id, name: 'writer', kind: 'USER' };
        const places: (Thing | null)[] = [...world.things, null];
        await t.as(writer, () => log.recordAll(places.map((place) => ({ action, object: eventIn(place) }))));

        for (const user of world.users) {
          const expected = places.filter((place) => mayRead(world, user, place)).map(nameOf);
          const caller = { id: user.id, name: user.id, kind: user.kind };
          const { edges } = await t.as(caller, () => trail.list({ action }, { first: 100 }));
          expect(edges.map(({ node }) => node.objectName).sort()).toEqual(expected.sort());
          for (const place of places) {
            const within = placeOf(place);
            const checked = await t.as(caller, () =>
              access.mayReadAudit({
                securableId: within?.id ?? null,
                schemaId: within?.schemaId ?? null,
                catalogId: within?.catalogId ?? null,
              }),
            );
            expect({ place: nameOf(place), checked }).toEqual({
              place: nameOf(place),
              checked: expected.includes(nameOf(place)),
            });
          }
          seen.allowed += expected.length;
          seen.refused += places.length - expected.length;
        }
      }),
      { numRuns: 40 },
    );
    expect(seen.allowed).toBeGreaterThan(20);
    expect(seen.refused).toBeGreaterThan(20);
  }, 600_000);

  /** READ_AUDIT is one of many: give it often enough for the property to mean something. */
  const withAuditors = (world: World): World => ({
    ...world,
    given: distinct(
      world.given.map((grant, index) =>
        index % 3 === 0 || grant.on.kind === 'EXPERIMENT' ? grant : { ...grant, privilege: 'READ_AUDIT' },
      ),
    ),
  });

  const nameOf = (place: Thing | null) => place?.id ?? 'nowhere';
  const idAbove = (place: Thing, kind: string) => [place, ...above(place)].find((one) => one.kind === kind)?.id ?? null;
  const placeOf = (place: Thing | null) =>
    place && { id: place.id, catalogId: idAbove(place, 'CATALOG'), schemaId: idAbove(place, 'SCHEMA') };
  const eventIn = (place: Thing | null): AuditObject => ({
    kind: 'GRANT',
    id: null,
    name: nameOf(place),
    within: placeOf(place),
  });

  /** domain.md: a grant of READ_AUDIT on the place or on what is above it; on the metastore, for everything. Nothing else. */
  function mayRead(
    { given }: { given: { to: Who; on: Thing; privilege: string; expiry: string }[] },
    who: Who,
    place: Thing | null,
  ): boolean {
    const identities = (one: Who): Who[] => [one, ...one.in.flatMap(identities)];
    const held = who.disabled ? [] : [...identities(who), everyone];
    const covers = (on: Thing) => on.kind === 'METASTORE' || (place !== null && [place, ...above(place)].includes(on));
    return given.some(
      ({ to, on, privilege, expiry }) =>
        privilege === 'READ_AUDIT' && expiry !== 'past' && held.includes(to) && covers(on),
    );
  }
});
