import { METASTORE_ID, PermissionDenied } from '@app/access';
import { NotFound } from '@app/platform';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { Policies } from './policies.service.js';
import { PolicyModule } from './policy.module.js';

const on = { kind: 'CATALOG', fullName: 'prod' } as const;
const plain = { protects: { aliases: ['champion'] } };
const naming = (dataset: string) => ({
  ...plain,
  gates: [
    {
      key: 'holdout',
      type: 'HOLDOUT_EVALUATION',
      config: {
        dataset,
        datasetDigest: `sha256:${'a'.repeat(64)}`,
        format: 'CSV',
        label: 'y',
        task: 'REGRESSION',
        maxLatencyMs: 5,
      },
    },
  ],
});
/** Of the experiment that every installation has. */
const there = naming('mlflow-artifacts:/0/r/artifacts/holdout.csv');
const absent = naming('mlflow-artifacts:/424242/r/artifacts/holdout.csv');

describe('the datasets that a policy names', () => {
  let t: TestModule;
  let policies: Policies;
  let reader: TestPrincipal;
  let browser: TestPrincipal;
  let stranger: TestPrincipal;

  beforeAll(async () => {
    t = await createTestModule([PolicyModule]);
    const make = new Factories(t.db);
    policies = t.module.get(Policies);
    [reader, browser, stranger] = [await make.user(), await make.user(), await make.user()];
    const schema = await make.schema('prod.fraud', await make.user());
    const found = sql`SELECT securable_id AS id FROM experiments WHERE id = 0`;
    const experiment = (await t.db.first<{ id: string }>(found)) as { id: string };
    for (const governor of [reader, browser, stranger]) {
      await make.grant(governor, { id: schema.catalogId as string }, 'USE_CATALOG', 'MANAGE_POLICY');
    }
    await make.grant(reader, experiment, 'READ');
    await make.grant(browser, experiment, 'EDIT');
    await make.grant(reader, { id: METASTORE_ID }, 'MANAGE_POLICY');
  });
  afterAll(() => t.close());

  const create = (who: TestPrincipal, rules: unknown, name: string) =>
    t.as(who, () => policies.create({ on, name, rules }));

  it('are those that its author may read', async () => {
    await expect(create(reader, there, 'readers')).resolves.toMatchObject({ currentRevision: 1 });
    await expect(t.as(reader, () => policies.draft({ on, rules: there }))).resolves.toMatchObject({
      on: { id: expect.any(String) },
    });
  });

  it('are hidden from everybody else, like those that are not there', async () => {
    await expect(create(stranger, there, 'strangers')).rejects.toThrow(NotFound);
    await expect(create(stranger, absent, 'strangers')).rejects.toThrow(NotFound);
    await expect(t.as(stranger, () => policies.draft({ on, rules: there }))).rejects.toThrow(NotFound);
    await expect(create(reader, absent, 'absent')).rejects.toThrow(NotFound);
  });

  it('need READ, and not only a look at the experiment', async () => {
    await expect(create(browser, there, 'browsers')).rejects.toThrow(PermissionDenied);
  });

  it('are looked at again at every revision, and nothing is written when one is refused', async () => {
    const { id } = await create(stranger, plain, 'later');
    const revise = (who: TestPrincipal) => t.as(who, () => policies.revise({ id, rules: there, reason: 'measure it' }));
    await expect(revise(stranger)).rejects.toThrow(NotFound);
    await expect(revise(reader)).resolves.toMatchObject({ currentRevision: 2 });
  });
});
