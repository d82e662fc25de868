import { runInContext } from '@app/platform';
import { Experiments, Runs } from '@app/tracking';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import { graphql } from '../../../../../test/support/graphql.js';
import { countStatements } from '../../../../../test/support/statements.js';

describe('Experiments and runs through GraphQL', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp();
  });
  afterAll(() => t.close());

  it('cost a constant number of statements, whatever the number of experiments and runs', async () => {
    const owner = await t.make.user('owner');
    const as = <T>(work: () => Promise<T>) =>
      runInContext({ requestId: 'test', address: null, caller: owner, memo: {} }, work);
    const experimentService = t.app.get(Experiments, { strict: false });
    const runService = t.app.get(Runs, { strict: false });
    const many = await as(() => experimentService.create({ name: '/many/runs' }));
    const run = (index: number) =>
      as(() => runService.create({ experimentId: many.experimentId, name: `many-${index}` }));
    for (let index = 0; index < 12; index++) {
      await run(index);
      await as(() => experimentService.create({ name: `/many/${String(index).padStart(2, '0')}` }));
    }
    const statementsOf = async (query: string) => {
      const statements = countStatements(t.app);
      const { errors } = await graphql(t, owner.token, query);
      expect(errors).toBeUndefined();
      const count = statements.stop().length;
      return count;
    };
    const runs = (first: number) => `{ experiment(name: "/many/runs") { runs(first: ${first}) { nodes {
      name params { key } metrics { name } tags { key } createdBy { name } experiment { name viewerCan } } } } }`;
    const experiments = (first: number) => `{ experiments(first: ${first}, filter: { nameContains: "/many/" }) { nodes {
      experimentId lifecycleStage artifactLocation owner { name } tags { key } viewerCan grantsRevision } } }`;
    // The first request reads the caller's rights, which later ones remember.
    await statementsOf(runs(1));
    for (const query of [runs, experiments]) {
      const few = await statementsOf(query(2));
      expect(await statementsOf(query(12))).toBe(few);
      expect(few).toBeLessThanOrEqual(10);
    }
  });
});
