import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { Experiments } from './experiment.service.js';
import type { Metric } from './run.js';
import { Runs } from './run.service.js';
import { RunData } from './run-data.service.js';
import { RunInputs } from './run-input.service.js';
import type { Condition, Ordering } from './search.js';
import { TrackingModule } from './tracking.module.js';

describe('Runs.search', () => {
  let t: TestModule;
  let make: Factories;
  let runs: Runs;
  let ada: TestPrincipal;
  let experimentId: string;
  let hiddenId: string;

  /** Five runs, a to e: their metric, param and tag, and what they lack. */
  const given: Record<string, { acc?: number; lr?: string; team?: string }> = {
    a: { acc: 0.1, lr: '0.01', team: 'red' },
    b: { acc: 0.9, lr: '0.1' },
    c: { acc: Number.NaN, team: 'blue' },
    d: { acc: Infinity, lr: '10%' },
    e: {},
  };

  beforeAll(async () => {
    t = await createTestModule([TrackingModule]);
    make = new Factories(t.db);
    runs = t.module.get(Runs);
    ada = await make.user('ada');
    const eve = await make.user('eve');
    const begin = (who: TestPrincipal, name: string) =>
      t.as(who, async () => (await t.module.get(Experiments).create({ name })).experimentId);
    experimentId = await begin(ada, 'mine');
    hiddenId = await begin(eve, 'hers');
    await t.as(eve, () => runs.create({ experimentId: hiddenId, name: 'hidden' }));
    let startTime = 0;
    for (const [name, { acc, lr, team }] of Object.entries(given)) {
      startTime += 10;
      await t.as(ada, async () => {
        const run = await runs.create({ experimentId, name, startTime });
        const point = (value: number): Metric => ({
          key: 'acc',
          value,
          step: 0,
          timestamp: 1,
          modelId: null,
          datasetName: null,
          datasetDigest: null,
        });
        await t.module.get(RunData).log(run.id, {
          metrics: acc === undefined ? [] : [point(acc)],
          params: lr === undefined ? [] : [{ key: 'lr', value: lr }],
          tags: team === undefined ? [] : [{ key: 'team', value: team }],
        });
        if (name === 'a') await runs.update(run.id, { status: 'FINISHED', endTime: 100 });
        if (name === 'b') {
          const dataset = {
            name: 'train',
            digest: 'x1',
            sourceType: 'local',
            source: '{}',
            schema: null,
            profile: null,
          };
          const tags = [{ key: 'mlflow.data.context', value: 'training' }];
          await t.module.get(RunInputs).logInputs(run.id, [{ dataset, tags }], []);
        }
        if (name === 'e') await runs.delete(run.id);
      });
    }
  });
  afterAll(() => t.close());

  const search = (more: object = {}, who = ada) =>
    t.as(who, () =>
      runs.search({
        experimentIds: [experimentId, hiddenId],
        filter: [],
        orderBy: [],
        viewType: 'ALL',
        page: { first: 100 },
        ...more,
      }),
    );
  const names = async (more: object = {}, who = ada) =>
    (await search(more, who)).edges.map(({ node }) => node.name).join('');
  const where = (entity: string, key: string, operator: string, value: Condition['value']) => ({
    filter: [{ entity, key, operator, value }],
  });
  const by = (...orderings: [entity: string, key: string, ascending: boolean][]) => ({
    orderBy: orderings.map(([entity, key, ascending]): Ordering => ({ entity, key, ascending })),
  });

  it('shows runs of experiments that the caller may READ, the latest first', async () => {
    expect(await names()).toBe('edcba');
    expect(await names({ viewType: 'ACTIVE_ONLY' })).toBe('dcba');
    expect(await names({ viewType: 'DELETED_ONLY' })).toBe('e');
    expect(await names({ experimentIds: [hiddenId] })).toBe('');
    expect(await names({ experimentIds: [] })).toBe('');
    expect(await names({ experimentIds: ['abc', '9'.repeat(30)] })).toBe('');
    const admin = await make.admin();
    expect(await names({}, admin)).toBe('');
  });

  it('sends each run with all that was logged to it', async () => {
    const { edges } = await search(where('attribute', 'run_name', '=', 'b'));
    expect(edges[0]?.node).toEqual(await t.as(ada, () => runs.get(edges[0]?.node.id as string)));
    expect(edges[0]?.node).toMatchObject({
      params: [{ key: 'lr', value: '0.1' }],
      datasetInputs: [{ dataset: { name: 'train' } }],
    });
  });

  it.each<[string, string, string, Condition['value'], string]>([
    ['metric', 'acc', '>', 0.5, 'db'],
    ['metric', 'acc', '<=', 0.1, 'a'],
    ['metric', 'acc', '=', 0, ''],
    ['metric', 'acc', '!=', 0.1, 'dcb'],
    ['metric', 'none', '!=', 1, ''],
    ['param', 'lr', '=', '0.1', 'b'],
    ['param', 'lr', '!=', '0.1', 'da'],
    ['param', 'lr', 'LIKE', '0.%', 'ba'],
    ['param', 'lr', 'LIKE', '10\\%', ''],
    ['param', 'lr', 'IS NULL', null, 'ec'],
    ['tag', 'team', 'ILIKE', 'R%', 'a'],
    ['tag', 'team', 'LIKE', 'R%', ''],
    ['tag', 'team', 'IS NOT NULL', null, 'ca'],
    ['tag', "x' OR '1'='1", '=', "x' OR '1'='1", ''],
    ['attribute', 'status', '=', 'FINISHED', 'a'],
    ['attribute', 'status', '!=', 'FINISHED', 'edcb'],
    ['attribute', 'Run name', 'LIKE', '_', 'edcba'],
    ['attribute', 'user_id', '=', 'eve', ''],
    ['attribute', 'start_time', '>=', 30, 'edc'],
    ['attribute', 'created', '<', 20, 'a'],
    ['attribute', 'end_time', '>', 1, 'a'],
    ['dataset', 'name', '=', 'train', 'b'],
    ['dataset', 'digest', 'IN', ['x1', 'x2'], 'b'],
    ['dataset', 'context', 'LIKE', 'train%', 'b'],
    ['dataset', 'context', '=', 'testing', ''],
  ])('finds %s.%s %s %j', async (entity, key, operator, value, expected) => {
    expect(await names(where(entity, key, operator, value))).toBe(expected);
  });

  it('finds runs by id, and by all conditions together', async () => {
    const ids = (await search()).edges.map(({ node }) => node.id);
    expect(await names(where('attribute', 'run_id', 'IN', ids.slice(0, 2)))).toBe('ed');
    expect(await names(where('attribute', 'run_id', 'NOT IN', ids.slice(0, 2)))).toBe('cba');
    const both = [...where('metric', 'acc', '>', 0).filter, ...where('param', 'lr', 'LIKE', '0%').filter];
    expect(await names({ filter: both })).toBe('ba');
  });

  it.each<[string, string, string, Condition['value'], string]>([
    ['attribute', 'nope', '=', 'x', "Invalid attribute key 'nope'"],
    ['dataset', 'nope', '=', 'x', "Invalid dataset key 'nope'"],
    ['metric', 'acc', 'LIKE', 'x', "Invalid comparator 'LIKE'"],
    ['metric', 'acc', '>', 'x', 'Expected numeric value'],
    ['param', 'lr', '>', 'x', "Invalid comparator '>'"],
    ['param', 'lr', '=', 1, 'Expected a quoted string value'],
    ['attribute', 'status', 'IN', ['x'], "Invalid comparator 'IN'"],
    ['attribute', 'run_id', 'IN', [1], 'Expected a quoted string value'],
    ['attribute', 'status', 'IS NULL', null, "Invalid comparator 'IS NULL'"],
  ])('refuses %s.%s %s %j', async (entity, key, operator, value, message) => {
    await expect(search(where(entity, key, operator, value))).rejects.toThrow(message);
  });

  it.each<[string, string, boolean, string]>([
    ['metric', 'acc', true, 'abdce'],
    ['metric', 'acc', false, 'dbace'],
    ['param', 'lr', true, 'abdec'],
    ['tag', 'team', false, 'acedb'],
    ['attribute', 'start_time', true, 'abcde'],
    ['attribute', 'end_time', false, 'aedcb'],
    ['attribute', 'status', true, 'aedcb'],
    ['attribute', 'run_name', false, 'edcba'],
  ])('orders by %s.%s, ascending %s, what has no value last', async (entity, key, ascending, expected) => {
    expect(await names(by([entity, key, ascending]))).toBe(expected);
    let seen = '';
    let after: string | undefined;
    do {
      const page = await search({ ...by([entity, key, ascending]), page: { first: 2, after } });
      seen += page.edges.map(({ node }) => node.name).join('');
      after = page.hasNextPage ? page.edges.at(-1)?.cursor : undefined;
    } while (after);
    expect(seen).toBe(expected);
  });

  it('orders by several keys', async () => {
    expect(await names(by(['attribute', 'status', false], ['metric', 'acc', true]))).toBe('bdcea');
    await expect(search(by(['dataset', 'name', true]))).rejects.toThrow('Invalid dataset key');
    await expect(search(by(['attribute', 'nope', true]))).rejects.toThrow("Invalid attribute key 'nope'");
  });

  it('refuses the token of another search', async () => {
    const after = (await search({ page: { first: 1 } })).edges[0]?.cursor;
    expect((await search({ page: { first: 1, after } })).edges[0]?.node.name).toBe('d');
    const others = [
      { viewType: 'ACTIVE_ONLY' },
      { experimentIds: [experimentId] },
      where('param', 'lr', '=', 'x'),
      by(['metric', 'acc', true]),
    ];
    for (const other of others) {
      await expect(search({ ...other, page: { first: 1, after } })).rejects.toMatchObject({ path: ['after'] });
    }
  });
});
