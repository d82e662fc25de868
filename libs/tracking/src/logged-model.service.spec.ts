import { NotFound } from '@app/platform';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import type { Experiment } from './experiment.js';
import { Experiments } from './experiment.service.js';
import { LoggedModels } from './logged-model.service.js';
import type { Metric } from './run.js';
import { Runs } from './run.service.js';
import { RunData } from './run-data.service.js';
import { RunInputs } from './run-input.service.js';
import type { Condition } from './search.js';
import { TrackingModule } from './tracking.module.js';

describe('LoggedModels', () => {
  let t: TestModule;
  let make: Factories;
  let models: LoggedModels;
  let ada: TestPrincipal;
  let stranger: TestPrincipal;
  let experiment: Experiment;
  let experimentId: string;

  beforeAll(async () => {
    t = await createTestModule([TrackingModule]);
    make = new Factories(t.db);
    models = t.module.get(LoggedModels);
    ada = await make.user('ada');
    stranger = await make.user();
    experiment = await t.as(ada, () => t.module.get(Experiments).create({ name: 'churn' }));
    experimentId = experiment.experimentId;
  });
  afterAll(() => t.close());

  const create = (given: object = {}) => t.as(ada, () => models.create({ experimentId, ...given }));
  const asAda = <T>(work: () => Promise<T>) => t.as(ada, work);

  it('is logged, finalized, tagged and deleted', async () => {
    const run = await asAda(() => t.module.get(Runs).create({ experimentId }));
    const params = [{ key: 'lr', value: '0.1' }];
    const model = await create({ name: 'model', modelType: 'sklearn', sourceRunId: run.id, params });
    expect(model).toMatchObject({
      id: expect.stringMatching(/^m-[0-9a-f]{32}$/),
      status: 'LOGGED_MODEL_PENDING',
      sourceRunId: run.id,
      principalId: ada.id,
      artifactUri: `mlflow-artifacts:/${experimentId}/models/${model.id}/artifacts`,
      params,
    });
    await asAda(async () => {
      expect(await models.get(model.id)).toEqual(model);
      expect(await models.finalize(model.id, 'LOGGED_MODEL_READY')).toMatchObject({ status: 'LOGGED_MODEL_READY' });
      await models.setTags(model.id, [
        { key: 'a', value: '1' },
        { key: 'b', value: '1' },
        { key: 'a', value: '2' },
      ]);
      await models.deleteTag(model.id, 'b');
      await expect(models.deleteTag(model.id, 'b')).rejects.toThrow(NotFound);
      await models.addParams(model.id, [
        { key: 'new', value: 'x' },
        { key: 'lr', value: '0.1' },
      ]);
      await expect(
        models.addParams(model.id, [
          { key: 'newer', value: 'x' },
          { key: 'lr', value: '9' },
        ]),
      ).rejects.toThrow(': lr');
      const changed = await models.get(model.id);
      expect(changed.tags).toEqual([{ key: 'a', value: '2' }]);
      expect(changed.params.map(({ key }) => key)).toEqual(['lr', 'new']);
      await t.module.get(RunInputs).logOutputs(run.id, [{ modelId: model.id, step: 3 }]);
      await t.module.get(RunInputs).logInputs(run.id, [], [model.id, model.id]);
      const details = await t.module.get(Runs).get(run.id);
      expect([details.modelOutputs, details.modelInputs]).toMatchObject([
        [{ modelId: model.id, step: 3 }],
        [{ modelId: model.id }],
      ]);
      await models.delete(model.id);
      await expect(models.get(model.id)).rejects.toThrow(NotFound);
      await expect(models.delete(model.id)).rejects.toThrow(NotFound);
    });
    const events = await t.db.query(
      sql`SELECT action FROM audit_events WHERE object_id = ${model.id} ORDER BY occurred_at, id`,
    );
    expect(events).toEqual(['created', 'finalized', 'deleted'].map((verb) => ({ action: `logged_model.${verb}` })));
  });

  it.each(['a.b', 'a/b', 'a:b', 'a%b', 'a"b', "a'b", ''])('cannot be called %j', async (name) => {
    await expect(create({ name })).rejects.toThrow('cannot contain the following characters');
  });

  it('comes from a run that the caller may READ', async () => {
    const hers = await t.as(stranger, async () => {
      const { experimentId: id } = await t.module.get(Experiments).create({ name: 'hers' });
      return t.module.get(Runs).create({ experimentId: id });
    });
    await expect(create({ sourceRunId: hers.id })).rejects.toThrow(`Run "${hers.id}" does not exist`);
  });

  it('hides from the stranger; READ sees it and changes nothing', async () => {
    const model = await create();
    const attempts = (who: TestPrincipal) => [
      () => t.as(who, () => models.finalize(model.id, 'LOGGED_MODEL_READY')),
      () => t.as(who, () => models.delete(model.id)),
      () => t.as(who, () => models.setTags(model.id, [{ key: 'k', value: 'v' }])),
      () => t.as(who, () => models.deleteTag(model.id, 'k')),
      () => t.as(who, () => models.addParams(model.id, [{ key: 'k', value: 'v' }])),
    ];
    const hidden = `Logged model "${model.id}" does not exist, or you may not see it`;
    for (const attempt of attempts(stranger)) await expect(attempt()).rejects.toThrow(hidden);
    await expect(t.as(stranger, () => models.get(model.id))).rejects.toThrow(hidden);
    await expect(t.as(stranger, () => models.create({ experimentId }))).rejects.toThrow(NotFound);
    const reader = await make.user();
    await make.grant(reader, experiment, 'READ');
    expect(await t.as(reader, () => models.get(model.id))).toEqual(model);
    for (const attempt of attempts(reader))
      await expect(attempt()).rejects.toMatchObject({ kind: 'PERMISSION_DENIED' });
    await expect(t.as(reader, () => models.create({ experimentId }))).rejects.toMatchObject({
      kind: 'PERMISSION_DENIED',
    });
  });

  describe('search', () => {
    let searchedId: string;

    beforeAll(async () => {
      await asAda(async () => {
        searchedId = (await t.module.get(Experiments).create({ name: 'searched' })).experimentId;
        const run = await t.module.get(Runs).create({ experimentId: searchedId });
        const point = (modelId: string, value: number, datasetName: string): Metric => ({
          key: 'acc',
          value,
          step: 0,
          timestamp: 1,
          modelId,
          datasetName,
          datasetDigest: `${datasetName}-1`,
        });
        const made: Record<string, string> = {};
        for (const name of ['a', 'b', 'c']) {
          const params = [{ key: 'p', value: name }];
          made[name] = (
            await models.create({ experimentId: searchedId, name, params, modelType: name === 'c' ? undefined : 'sk' })
          ).id;
        }
        await models.finalize(made.a as string, 'LOGGED_MODEL_READY');
        await t.module.get(RunData).log(run.id, {
          metrics: [
            point(made.a as string, 0.9, 'train'),
            point(made.a as string, 0.1, 'test'),
            point(made.b as string, 0.5, 'test'),
          ],
        });
        await models.delete((await models.create({ experimentId: searchedId, name: 'deleted' })).id);
      });
    });

    const search = async (more: object = {}, who = ada) => {
      const given = { experimentIds: [searchedId], filter: [], orderBy: [], datasets: [], page: { first: 100 } };
      return (await t.as(who, () => models.search({ ...given, ...more }))).edges.map(({ node }) => node.name).join('');
    };
    const byName = { orderBy: [{ entity: 'attribute', key: 'name', ascending: true }] };

    it.each<[string, string, string, Condition['value'], string]>([
      ['attribute', 'name', '=', 'b', 'b'],
      ['attribute', 'name', 'IN', ['a', 'c'], 'ac'],
      ['attribute', 'status', '=', 'READY', 'a'],
      ['attribute', 'model_type', '!=', 'x', 'ab'],
      ['attribute', 'creation_timestamp', '>', 0, 'abc'],
      ['param', 'p', '=', 'c', 'c'],
      ['metric', 'acc', '>', 0.3, 'ab'],
      ['metric', 'acc', '<', 0.3, 'a'],
    ])('finds %s.%s %s %j', async (entity, key, operator, value, expected) => {
      expect(await search({ ...byName, filter: [{ entity, key, operator, value }] })).toBe(expected);
    });

    it('looks at the values on the named datasets only', async () => {
      const filter = [{ entity: 'metric', key: 'acc', operator: '>', value: 0.3 }];
      expect(await search({ ...byName, filter, datasets: [{ name: 'test' }] })).toBe('b');
      expect(await search({ ...byName, filter, datasets: [{ name: 'train', digest: 'other' }] })).toBe('');
      expect(await search({ ...byName, datasets: [{ name: 'test' }] })).toBe('ab');
    });

    it('orders by metrics, on a dataset too, and by columns, what has no value last', async () => {
      const by = (entity: string, key: string, ascending: boolean, dataset?: object) => ({
        orderBy: [{ entity, key, ascending, dataset }],
      });
      expect(await search(by('metric', 'acc', false, { name: 'test' }))).toBe('bac');
      expect(await search(by('metric', 'acc', true, { name: 'train' }))).toMatch(/^a/);
      expect(await search(by('attribute', 'model_type', true))).toMatch(/c$/);
      await expect(search(by('tag', 'x', true))).rejects.toThrow("Invalid tag key 'x'");
      await expect(search({ filter: [{ entity: 'dataset', key: 'name', operator: '=', value: 'x' }] })).rejects.toThrow(
        'Invalid dataset key',
      );
    });

    it('shows nothing to the stranger', async () => {
      expect(await search({}, stranger)).toBe('');
    });
  });
});
