import { Access, AccessSnapshots, type Privilege, type Question } from '@app/access';
import type { Caller } from '@app/platform';
import fc from 'fast-check';
import sql, { join } from 'sql-template-tag';
import { hasMeaning, type Narrowing, narrowestPlace, Reference } from '../../../test/support/access-reference.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import {
  above,
  fullNameOf,
  grantedOn,
  pathOf,
  store,
  type Thing,
  type Who,
  type World,
  worlds,
} from '../../../test/support/worlds.js';
import { Explainer } from './explanation.js';
import { ExplanationReader } from './explanation.reader.js';
import type { MissingGrant } from './missing.js';
import type { Principal } from './principal.js';
import { PrincipalRepository } from './principal.repository.js';
import { type Securable, securableKinds } from './securable.js';
import { SecurableRepository } from './securable.repository.js';
import { WhoCanReader } from './who-can.reader.js';

const privileges = Object.keys(grantedOn) as Privilege[];
const questions: Question[] = [...privileges, 'DISCOVER'];

const narrowings = fc.record({ readOnly: fc.boolean(), catalog: fc.option(fc.nat(1)) });

describe('a decision', () => {
  let t: TestModule;
  let access: Access;
  /** How often two or more of the ways to an answer were compared, and what they met. */
  const seen = { decided: 0, explained: 0, allowed: 0, missing: 0, obstacles: 0, listed: 0, empty: 0 };

  beforeAll(async () => {
    t = await createTestModule([]);
    access = t.module.get(Access);
  });
  afterAll(() => t.close());

  it('is the same in every way of asking, and in a reference of its own, in any world', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, fc.array(narrowings, { minLength: 3, maxLength: 3 }), async (world, narrowed) => {
        await store(t.db, world);
        await t.module.get(AccessSnapshots).changed();
        for (const [index, user] of world.users.entries()) {
          await checkAndList(world, user);
          const { readOnly, catalog } = narrowed[index] as (typeof narrowed)[number];
          const catalogId = catalog === null ? null : (world.things[1 + catalog]?.id as string);
          await checkAndList(world, user, { readOnly, catalogId });
        }
        await explain(world);
        await listWhoCan(world);
      }),
      { numRuns: 12 },
    );

    expect(privileges).toHaveLength(22);
    expect(seen.decided).toBeGreaterThanOrEqual(5000);
    expect(seen.explained).toBeGreaterThanOrEqual(5000);
    expect(seen.listed).toBeGreaterThanOrEqual(2000);
    // The property has met both answers, all sorts of explanations, and principals without a right.
    for (const count of [seen.allowed, seen.missing, seen.obstacles]) expect(count).toBeGreaterThan(50);
    expect(seen.empty).toBeGreaterThan(0);
  }, 600_000);

  /** The single check of each thing, and two list filters, as the user. */
  async function checkAndList(world: World, user: Who, narrowing?: Narrowing): Promise<void> {
    const caller: Caller = { id: user.id, name: user.id, kind: user.kind, ...(narrowing && { narrowing }) };
    const reference = Reference.of(world, user);
    const before = seen.allowed;
    await t.as(caller, async () => {
      for (const question of questions) {
        const expected = world.things.filter((thing) => reference.allowed(question, thing, narrowing));
        const ids = expected.map(({ id }) => id).sort();
        const checked: string[] = [];
        for (const thing of world.things) if (await access.allowed(question, pathOf(thing))) checked.push(thing.id);
        const [kindByKind, ofAnyKind] = await listed(question);
        expect({ question, narrowing, checked: checked.sort(), kindByKind, ofAnyKind }).toEqual({
          question,
          narrowing,
          checked: ids,
          kindByKind: ids,
          ofAnyKind: ids,
        });
        seen.decided += world.things.length;
        seen.allowed += ids.length;
      }
    });
    if (seen.allowed === before) seen.empty++;
  }

  async function listed(question: Question): Promise<[string[], string[]]> {
    const kinds: ReturnType<typeof sql>[] = [];
    for (const kind of securableKinds) {
      kinds.push(
        sql`SELECT id FROM securables s WHERE s.kind = ${kind} AND ${await access.where(question, kind, 's')}`,
      );
    }
    const any = sql`SELECT id FROM securables s WHERE ${await access.whereOfAnyKind(question, 's')}`;
    const idsOf = async (statement: ReturnType<typeof sql>) =>
      (await t.db.query<{ id: string }>(statement)).map(({ id }) => id).sort();
    return [await idsOf(join(kinds, ' UNION ALL ')), await idsOf(any)];
  }

  /** explainAccess and effectivePrivileges: the verdict, the ways to it, and what is missing. */
  async function explain(world: World): Promise<void> {
    const principals = await principalsOf(world);
    const objects = await objectsOf(world);
    for (const user of world.users) {
      const reference = Reference.of(world, user);
      for (const thing of world.things) {
        const facts = await t.module
          .get(ExplanationReader)
          .facts(principals.get(user.id) as Principal, objects.get(thing.id) as Securable);
        if (!facts) throw new Error('the thing is there');
        const explainer = new Explainer(facts);
        for (const privilege of privileges) {
          const allowed = reference.allowed(privilege, thing);
          const explained = explainer.explain(privilege);
          const place = { privilege, kind: thing.kind };
          expect({ ...place, allowed: explained.allowed, ways: explained.paths.length > 0 }).toEqual({
            ...place,
            allowed,
            ways: allowed,
          });
          const helpless = user.disabled || !hasMeaning(privilege, thing);
          expect({ ...place, obstacle: explained.obstacle !== null }).toEqual({
            ...place,
            obstacle: !allowed && helpless,
          });
          if (allowed || helpless) expect(explained.missing).toEqual([]);
          else requireSmallest(world, user, thing, privilege, explained.missing);
          seen.explained++;
          seen.obstacles += explained.obstacle ? 1 : 0;
        }
        const effective = explainer.effective().map(({ privilege }) => privilege);
        expect(effective).toEqual(
          privileges.filter(
            (privilege) =>
              privilege !== 'ALL_PRIVILEGES' &&
              grantedOn[privilege]?.includes(thing.kind) &&
              reference.allowed(privilege, thing),
          ),
        );
      }
    }
  }

  /** All of them together allow it; none can be left out, and no other single grant does it alone. */
  function requireSmallest(world: World, user: Who, thing: Thing, privilege: string, missing: MissingGrant[]): void {
    const grants = missing.map(({ privilege: one, fullName }) => {
      const on = [thing, ...above(thing)].find((one) => fullNameOf(one) === fullName) as Thing;
      expect({ one, on: on.id }).toEqual({ one, on: narrowestPlace(one, thing)?.id });
      return { to: user, on, privilege: one, expiry: 'never' as const };
    });
    const allowedWith = (more: typeof grants) =>
      new Reference([...world.given, ...more], user).allowed(privilege, thing);
    expect({ privilege, missing, enough: allowedWith(grants) }).toEqual({ privilege, missing, enough: true });
    for (const grant of grants) expect(allowedWith(grants.filter((one) => one !== grant))).toBe(false);
    if (grants.length > 1) {
      for (const on of [thing, ...above(thing)]) {
        const others = privileges.filter((one) => one !== 'ALL_PRIVILEGES' && grantedOn[one]?.includes(on.kind));
        for (const one of others) expect(allowedWith([{ to: user, on, privilege: one, expiry: 'never' }])).toBe(false);
      }
    }
    seen.missing++;
  }

  async function listWhoCan(world: World): Promise<void> {
    const reader = t.module.get(WhoCanReader);
    const objects = await objectsOf(world);
    const references = world.users.map((user) => [user.id, Reference.of(world, user)] as const);
    for (const thing of world.things) {
      for (const privilege of privileges) {
        const page = await reader.page(privilege, objects.get(thing.id) as Securable, { first: 100 });
        const found = page.edges.map(({ node }) => node.id).filter((id) => world.users.some((user) => user.id === id));
        const expected = references.filter(([, reference]) => reference.allowed(privilege, thing)).map(([id]) => id);
        expect({ privilege, kind: thing.kind, found: found.sort() }).toEqual({
          privilege,
          kind: thing.kind,
          found: expected.sort(),
        });
        seen.listed += references.length;
      }
    }
  }

  const principalsOf = async (world: World) => {
    const found = await t.module.get(PrincipalRepository).byIds(world.users.map(({ id }) => id));
    return new Map(found.map((principal) => [principal.id, principal]));
  };
  const objectsOf = async (world: World) => {
    const found = await t.module.get(SecurableRepository).byIds(world.things.map(({ id }) => id));
    return new Map(found.map((securable) => [securable.id, securable]));
  };
});
