import { builtInPrincipals, METASTORE_ID, PrincipalRepository } from '@app/access';
import { Metastore, NamespaceModule } from '@app/namespace';
import { Transaction } from '@app/platform';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { Groups } from './group.service.js';
import { IdentityModule } from './identity.module.js';
import { Principals } from './principal.service.js';

describe('somebody in charge', () => {
  let t: TestModule;
  let make: Factories;
  let root: TestPrincipal;
  let member: TestPrincipal;
  let team: TestPrincipal;

  beforeAll(async () => {
    t = await createTestModule([IdentityModule, NamespaceModule]);
    make = new Factories(t.db);
    root = await make.admin('root');
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    await t.db.execute(
      sql`UPDATE securables SET owner_id = ${builtInPrincipals.metastoreAdmins}::uuid WHERE id = ${METASTORE_ID}::uuid`,
    );
    member = await make.user();
    team = await make.group([member]);
  });

  const transfer = () => t.module.get(Metastore).transferOwnership(team.id);
  const removal = () => t.module.get(Groups).removeMember(team.id, member.id);
  const disabling = () => t.module.get(Principals).disable(member.id);

  /** The first has done its work and not committed when the second comes. @returns what became of the second */
  async function overlapping(first: () => Promise<unknown>, second: () => Promise<unknown>): Promise<unknown> {
    let outcome: Promise<unknown> = Promise.resolve();
    let isOver = false;
    await t.as(root, () =>
      t.module.get(Transaction).run(async () => {
        await first();
        // In a context of its own, and so on another connection.
        outcome = t
          .as(root, second)
          .catch((error: unknown) => error)
          .finally(() => {
            isOver = true;
          });
        while (!isOver && !(await t.as(root, isWaiting)));
      }),
    );
    return outcome;
  }

  /** Does another connection wait for the lock on memberships? */
  const isWaiting = async (): Promise<boolean> =>
    (await t.db.first(sql`SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
      WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()`)) !== undefined;

  it.each<[string, () => (() => Promise<unknown>)[]]>([
    ['a transfer, then the last member leaves', () => [transfer, removal]],
    ['a transfer, then the last member is disabled', () => [transfer, disabling]],
    ['the last member leaves, then a transfer', () => [removal, transfer]],
    ['the last member is disabled, then a transfer', () => [disabling, transfer]],
  ])('is left by %s at the same moment', async (_, order) => {
    const [first, second] = order() as [() => Promise<unknown>, () => Promise<unknown>];
    expect(await overlapping(first, second)).toMatchObject({ reason: 'LAST_ADMINISTRATOR' });
    const owner = await t.db.first<{ id: string }>(
      sql`SELECT owner_id AS id FROM securables WHERE id = ${METASTORE_ID}::uuid`,
    );
    expect(await t.module.get(PrincipalRepository).canAct(owner?.id as string)).toBe(true);
  });

  it('survives both fired at once, whichever comes first', async () => {
    const outcomes = await Promise.allSettled([t.as(root, transfer), t.as(root, removal)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });
});
