import { NotFound } from '@app/platform';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import type { Experiment } from './experiment.js';
import { Experiments } from './experiment.service.js';
import { Runs } from './run.service.js';
import { RunData } from './run-data.service.js';
import { RunInputs } from './run-input.service.js';
import { RunRecords } from './run-records.js';
import { TrackingModule } from './tracking.module.js';

describe('Runs', () => {
  let t: TestModule;
  let make: Factories;
  let runs: Runs;
  let ada: TestPrincipal;
  let stranger: TestPrincipal;
  let experiment: Experiment;
  let experimentId: string;

  beforeAll(async () => {
    t = await createTestModule([TrackingModule]);
    make = new Factories(t.db);
    runs = t.module.get(Runs);
    ada = await make.user('ada');
    stranger = await make.user();
    experiment = await t.as(ada, () => t.module.get(Experiments).create({ name: 'churn' }));
    experimentId = experiment.experimentId;
  });
  afterAll(() => t.close());

  const create = (given: object = {}) => t.as(ada, () => runs.create({ experimentId, ...given }));
  const actions = async (runId: string) =>
    (
      await t.db.query<{ action: string }>(
        sql`SELECT action FROM audit_events WHERE object_id = ${runId} ORDER BY occurred_at, id`,
      )
    ).map(({ action }) => action);

  it('begins with a name, a place for its artifacts and the caller', async () => {
    const run = await create({ tags: [{ key: 'k', value: 'v' }] });
    expect(run).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      name: expect.stringMatching(/^[a-z]+-[a-z]+-\d+$/),
      userId: 'ada',
      principalId: ada.id,
      status: 'RUNNING',
      endTime: null,
      artifactUri: `mlflow-artifacts:/${experimentId}/${run.id}/artifacts`,
      tags: [
        { key: 'k', value: 'v' },
        { key: 'mlflow.runName', value: run.name },
      ],
    });
    expect(await t.as(ada, () => runs.get(run.id))).toEqual(run);
    expect(await t.module.get(RunRecords).get(run.id)).toMatchObject({ id: run.id, experimentId, principalId: ada.id });
    expect(await t.module.get(RunRecords).get('none')).toBeUndefined();
    expect(await actions(run.id)).toEqual(['run.created']);
  });

  it('takes the client’s name and user, and refuses two names', async () => {
    const tags = [{ key: 'mlflow.runName', value: 'mine' }];
    expect(await create({ tags, userId: 'root', startTime: 5 })).toMatchObject({
      name: 'mine',
      userId: 'root',
      startTime: 5,
    });
    await expect(create({ tags, name: 'other' })).rejects.toThrow('different values');
  });

  it('hides from the stranger; READ sees it and changes nothing', async () => {
    const run = await create();
    const hidden = `Run "${run.id}" does not exist, or you may not see it`;
    const attempts = (who: TestPrincipal) => [
      () => t.as(who, () => runs.update(run.id, { status: 'FAILED' })),
      () => t.as(who, () => runs.delete(run.id)),
      () => t.as(who, () => runs.restore(run.id)),
      () => t.as(who, () => t.module.get(RunData).log(run.id, { tags: [{ key: 'k', value: 'v' }] })),
      () => t.as(who, () => t.module.get(RunData).deleteTag(run.id, 'k')),
      () => t.as(who, () => t.module.get(RunInputs).logInputs(run.id, [], [])),
      () => t.as(who, () => t.module.get(RunInputs).logOutputs(run.id, [])),
    ];
    for (const attempt of attempts(stranger)) await expect(attempt()).rejects.toThrow(hidden);
    await expect(t.as(stranger, () => runs.get(run.id))).rejects.toThrow(hidden);
    await expect(t.as(stranger, () => t.module.get(RunData).history(run.id, 'm', { first: 1 }))).rejects.toThrow(
      hidden,
    );
    await expect(t.as(stranger, () => runs.create({ experimentId }))).rejects.toThrow(NotFound);

    const reader = await make.user();
    await make.grant(reader, experiment, 'READ');
    expect(await t.as(reader, () => runs.get(run.id))).toEqual(run);
    for (const attempt of attempts(reader))
      await expect(attempt()).rejects.toMatchObject({ kind: 'PERMISSION_DENIED' });
    await expect(t.as(reader, () => runs.create({ experimentId }))).rejects.toMatchObject({
      kind: 'PERMISSION_DENIED',
    });
    expect(await actions(run.id)).toEqual(['run.created']);
  });

  it('ends, is renamed in both places, deleted and restored', async () => {
    const run = await create();
    await t.as(ada, async () => {
      expect(await runs.update(run.id, { status: 'FINISHED', endTime: 7 })).toMatchObject({
        status: 'FINISHED',
        endTime: 7,
      });
      await runs.update(run.id, { name: 'renamed' });
      expect(await runs.get(run.id)).toMatchObject({
        name: 'renamed',
        tags: [{ key: 'mlflow.runName', value: 'renamed' }],
      });
      await runs.delete(run.id);
      await runs.delete(run.id);
      expect(await runs.get(run.id)).toMatchObject({ lifecycleStage: 'deleted' });
      await expect(runs.update(run.id, { status: 'FAILED' })).rejects.toMatchObject({ reason: 'RUN_DELETED' });
      await runs.restore(run.id);
      await runs.restore(run.id);
      expect(await runs.get(run.id)).toMatchObject({ lifecycleStage: 'active', status: 'FINISHED' });
    });
    expect(await actions(run.id)).toEqual(['run.created', 'run.deleted', 'run.restored']);
  });

  it('does not begin in a deleted experiment', async () => {
    const experiments = t.module.get(Experiments);
    const gone = await t.as(ada, () => experiments.create({ name: 'gone' }));
    await t.as(ada, () => experiments.delete(gone.experimentId));
    await expect(t.as(ada, () => runs.create({ experimentId: gone.experimentId }))).rejects.toMatchObject({
      reason: 'EXPERIMENT_DELETED',
    });
  });

  it('remembers what it read and made, once each', async () => {
    const run = await create();
    const dataset = {
      name: 'train',
      digest: 'd1',
      sourceType: 'local',
      source: '{}',
      schema: '{"a":1}',
      profile: null,
    };
    const input = { dataset, tags: [{ key: 'mlflow.data.context', value: 'training' }] };
    const other = await create();
    await t.as(ada, async () => {
      const inputs = t.module.get(RunInputs);
      await Promise.all([inputs.logInputs(run.id, [input], []), inputs.logInputs(other.id, [input], [])]);
      await inputs.logInputs(
        run.id,
        [
          { dataset: { ...dataset, digest: 'd2' }, tags: [] },
          { ...input, tags: [] },
        ],
        [],
      );
      expect((await runs.get(run.id)).datasetInputs).toEqual([
        input,
        { dataset: { ...dataset, digest: 'd2' }, tags: [] },
      ]);
      await expect(inputs.logOutputs(run.id, [{ modelId: 'm-none', step: 0 }])).rejects.toThrow(NotFound);
    });
    const [row] = await t.db.query<{ n: number }>(sql`SELECT count(*)::int AS n FROM datasets WHERE digest = 'd1'`);
    expect(row).toEqual({ n: 1 });
  });
});
