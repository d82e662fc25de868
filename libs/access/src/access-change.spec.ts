import { Access, AccessSnapshots, type Privilege, type SecurableKind } from '@app/access';
import fc from 'fast-check';
import sql, { type Sql } from 'sql-template-tag';
import { Reference } from '../../../test/support/access-reference.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { type Change, changed, changes } from '../../../test/support/world-changes.js';
import {
  everyone,
  fullNameOf,
  type Given,
  grantedOn,
  pathOf,
  store,
  type Thing,
  type Who,
  type World,
  worlds,
} from '../../../test/support/worlds.js';
import type { ResolvedChanges } from './access-change.js';
import { AccessChangeReader, previewLimits } from './access-change.reader.js';
import { METASTORE_ID, securableKinds } from './securable.js';

const privilegesOn = ({ kind }: Thing) =>
  Object.keys(grantedOn).filter((name) => name !== 'ALL_PRIVILEGES' && grantedOn[name]?.includes(kind)) as Privilege[];

/** `principal privilege object` of everything that the users of a world have. */
const heldIn = (world: World, allowed: (user: Who, privilege: Privilege, thing: Thing) => boolean): string[] =>
  world.users.flatMap((user) =>
    world.things.flatMap((thing) =>
      privilegesOn(thing)
        .filter((privilege) => allowed(user, privilege, thing))
        .map((privilege) => `${user.id} ${privilege} ${fullNameOf(thing)}`),
    ),
  );

const byReference = (world: World): string[] => {
  const references = new Map(world.users.map((user) => [user, Reference.of(world, user)]));
  return heldIn(world, (user, privilege, thing) => references.get(user)?.allowed(privilege, thing) ?? false);
};

const without = (one: string[], other: string[]): string[] => one.filter((each) => !other.includes(each)).sort();

describe('a preview of changes', () => {
  let t: TestModule;
  beforeAll(async () => {
    t = await createTestModule([]);
  });
  afterAll(() => t.close());

  it('tells what is gained and lost, as it comes true when the changes are made, in any world', async () => {
    const seen = { gained: 0, lost: 0 };
    await fc.assert(
      fc.asyncProperty(changes, async ({ world, change }) => {
        await enter(world);
        const visible = Object.fromEntries(securableKinds.map((kind) => [kind, sql`TRUE`]));
        const preview = await t.module
          .get(AccessChangeReader)
          .preview(resolved(change), visible as Record<SecurableKind, Sql>);
        // A service principal that every installation has is a member of everyone too.
        const builtIn = (list: typeof preview.gained) => list.filter(({ principal }) => principal.builtIn);
        const told = (list: typeof preview.gained) =>
          list
            .filter(({ principal }) => !principal.builtIn)
            .map(({ principal, privilege, fullName }) => `${principal.id} ${privilege} ${fullName}`)
            .sort();

        const [before, after] = [byReference(world), byReference(changed(world, change))];
        const [gained, lost] = [without(after, before), without(before, after)];
        expect({ gained: told(preview.gained), lost: told(preview.lost) }).toEqual({ gained, lost });
        expect(preview).toMatchObject({
          gainedCount: gained.length + builtIn(preview.gained).length,
          lostCount: lost.length + builtIn(preview.lost).length,
          truncatedBy: [],
        });

        await enter(changed(world, change));
        const real = await held(changed(world, change));
        expect(without(real, before)).toEqual(gained);
        expect(without(before, real)).toEqual(lost);
        seen.gained += gained.length;
        seen.lost += lost.length;
      }),
      { numRuns: 40 },
    );
    expect(seen.gained).toBeGreaterThan(20);
    expect(seen.lost).toBeGreaterThan(20);
  }, 600_000);

  it('looks at the first principals only when it takes too long, and says so', async () => {
    const [world] = fc.sample(worlds, 1) as [World];
    await enter(world);
    await t.db.execute(sql`INSERT INTO principals (id, kind, name, name_key)
      SELECT gen_random_uuid(), 'USER', 'crowd-' || n, 'crowd-' || n FROM generate_series(1, 30) AS n`);
    const grant = { principalId: everyone.id, securableId: METASTORE_ID, privilege: 'CREATE_CATALOG' as const };
    const visible = Object.fromEntries(securableKinds.map((kind) => [kind, sql`TRUE`])) as Record<SecurableKind, Sql>;
    const none = { addedGrants: [], removedGrants: [], addedMembers: [], removedMembers: [], owners: [] };
    const changes = { ...none, addedGrants: [{ ...grant, expiresAt: null }] };
    jest.replaceProperty(previewLimits, 'milliseconds', 0);
    const hasty = await t.module.get(AccessChangeReader).preview(changes, visible);
    jest.restoreAllMocks();
    const whole = await t.module.get(AccessChangeReader).preview(changes, visible);
    expect(hasty.truncatedBy).toEqual(['PRINCIPALS']);
    expect(whole.truncatedBy).toEqual([]);
    expect(hasty.affectedPrincipalCount).toBe(whole.affectedPrincipalCount);
    expect(hasty.gainedCount).toBeLessThan(whole.gainedCount);
  });

  async function enter(world: World): Promise<void> {
    await store(t.db, world);
    await t.module.get(AccessSnapshots).changed();
  }

  /** What the service itself says, of the world as it is stored. */
  async function held(world: World): Promise<string[]> {
    const answers = new Map<string, boolean>();
    for (const user of world.users) {
      for (const thing of world.things) {
        for (const privilege of privilegesOn(thing)) {
          const allowed = await t.module.get(Access).allowedFor(user.id, privilege, pathOf(thing));
          answers.set(`${user.id} ${privilege} ${thing.id}`, allowed);
        }
      }
    }
    return heldIn(world, (user, privilege, thing) => answers.get(`${user.id} ${privilege} ${thing.id}`) ?? false);
  }
});

function resolved({ granted, revoked, joined, left, transferred }: Change): ResolvedChanges {
  const grant = ({ to, on, privilege }: Given) => ({
    principalId: to.id,
    securableId: on.id,
    privilege: privilege as Privilege,
  });
  const membership = ({ member, group }: Change['joined'][number]) => ({ memberId: member.id, groupId: group.id });
  const inAnHour = new Date(Date.now() + 3_600_000);
  return {
    addedGrants: granted.map((one) => ({ ...grant(one), expiresAt: one.expiry === 'future' ? inAnHour : null })),
    removedGrants: revoked.map(grant),
    addedMembers: joined.map(membership),
    removedMembers: left.map(membership),
    owners: transferred.map(({ thing, owner }) => ({
      securableId: thing.id,
      ownerId: owner.id,
      formerOwnerId: thing.owner.id,
    })),
  };
}
