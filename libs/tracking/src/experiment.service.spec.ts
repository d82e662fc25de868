import type { Securable } from '@app/access';
import { AlreadyExists, NotFound } from '@app/platform';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import type { Experiment } from './experiment.js';
import { Experiments } from './experiment.service.js';
import { Runs } from './run.service.js';
import { TrackingModule } from './tracking.module.js';

describe('Experiments', () => {
  let t: TestModule;
  let make: Factories;
  let experiments: Experiments;
  let ada: TestPrincipal;
  let stranger: TestPrincipal;
  let reader: TestPrincipal;

  beforeAll(async () => {
    t = await createTestModule([TrackingModule]);
    make = new Factories(t.db);
    experiments = t.module.get(Experiments);
    ada = await make.user('ada');
    stranger = await make.user();
    reader = await make.user();
  });
  afterAll(() => t.close());

  const create = (name: string, who = ada) => t.as(who, () => experiments.create({ name }));
  const actions = async (of: Securable) =>
    (
      await t.db.query<{ action: string }>(
        sql`SELECT action FROM audit_events WHERE securable_id = ${of.id}::uuid ORDER BY occurred_at, id`,
      )
    ).map(({ action }) => action);
  const page = { first: 100 };

  it('has Default as experiment 0, which belongs to the administrators', async () => {
    const admin = await make.admin();
    expect(await t.as(admin, () => experiments.byName('Default'))).toMatchObject({ experimentId: '0' });
    await expect(t.as(ada, () => experiments.get('0'))).rejects.toThrow(NotFound);
  });

  it('is made by everybody, who then owns it, with a place for its artifacts', async () => {
    const tags = [{ key: 'team', value: 'ml' }];
    const made = await t.as(ada, () => experiments.create({ name: '/Users/ada/churn', tags }));
    expect(made).toMatchObject({ ownerId: ada.id, artifactLocation: `mlflow-artifacts:/${made.experimentId}`, tags });
    expect(await t.as(ada, () => experiments.get(made.experimentId))).toEqual(
      await t.as(ada, () => experiments.byName('/Users/ada/churn')),
    );
    expect(await actions(made)).toEqual(['experiment.created']);
  });

  it('needs CREATE_EXPERIMENT', async () => {
    const everyone = sql`privilege = 'CREATE_EXPERIMENT'`;
    await t.db.execute(sql`UPDATE grants SET expires_at = now() - interval '1 s' WHERE ${everyone}`);
    await t.db.execute(sql`UPDATE access_version SET version = version + 1`);
    await expect(create('forbidden')).rejects.toMatchObject({ kind: 'NOT_FOUND' });
    await t.db.execute(sql`UPDATE grants SET expires_at = NULL WHERE ${everyone}`);
    await t.db.execute(sql`UPDATE access_version SET version = version + 1`);
    await create('allowed again');
  });

  it('has a name of its own, also when two ask for it at once', async () => {
    const results = await Promise.allSettled([create('twins'), create('twins'), create('twins', stranger)]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(AlreadyExists);
    }
  });

  it.each([
    [{ name: '' }, 'Invalid experiment name'],
    [{ name: 'x'.repeat(501) }, 'maximum length of 500'],
    [{ name: 'loc1', artifactLocation: 's3://bucket/x?y=/../z' }, 'artifact_location'],
    [{ name: 'loc2', artifactLocation: 'mlflow-artifacts:/0' }, 'lies in the store of this service'],
    [{ name: 'loc4', artifactLocation: 'https://h/api/2.0/mlflow-artifacts/artifacts' }, 'lies in the store'],
    [{ name: 'loc3', artifactLocation: 'mlflow-artifacts:/../0' }, 'artifact URI'],
    [{ name: 'tag', tags: [{ key: 'a//b', value: '' }] }, 'tags[0].key'],
  ])('refuses %j and makes nothing', async (given, message) => {
    await expect(t.as(ada, () => experiments.create(given))).rejects.toThrow(message);
    await expect(t.as(ada, () => experiments.byName(given.name))).rejects.toThrow(NotFound);
  });

  it('keeps artifacts elsewhere when it is told to', async () => {
    const made = await t.as(ada, () => experiments.create({ name: 'elsewhere', artifactLocation: 's3://bucket/x/' }));
    expect(made.artifactLocation).toBe('s3://bucket/x');
    const asked = await t.as(ada, () => experiments.create({ name: 'asked', artifactLocation: 'db://h:p/n/?d=x#f' }));
    const run = await t.as(ada, () => t.module.get(Runs).create({ experimentId: asked.experimentId }));
    expect(run.artifactUri).toBe(`db://h:p/n/${run.id}/artifacts?d=x#f`);
  });

  it('hides from the stranger, and shows itself to READ, which changes nothing', async () => {
    const made = await create('mine');
    const id = made.experimentId;
    const as = (who: TestPrincipal) => [
      () => t.as(who, () => experiments.rename(id, 'yours')),
      () => t.as(who, () => experiments.delete(id)),
      () => t.as(who, () => experiments.restore(id)),
      () => t.as(who, () => experiments.setTag(id, { key: 'k', value: 'v' })),
      () => t.as(who, () => experiments.deleteTag(id, 'k')),
    ];
    const hidden = `Experiment "${id}" does not exist, or you may not see it`;
    for (const attempt of as(stranger)) await expect(attempt()).rejects.toThrow(hidden);
    await expect(t.as(stranger, () => experiments.get(id))).rejects.toThrow(hidden);
    await expect(t.as(stranger, () => experiments.byName('mine'))).rejects.toThrow(NotFound);

    await make.grant(reader, made, 'READ');
    expect(await t.as(reader, () => experiments.get(id))).toMatchObject({ name: 'mine' });
    for (const attempt of as(reader)) await expect(attempt()).rejects.toMatchObject({ kind: 'PERMISSION_DENIED' });
    expect(await actions(made)).toEqual(['experiment.created']);

    await make.grant(reader, made, 'EDIT');
    await t.as(reader, () => experiments.setTag(id, { key: 'k', value: 'v' }));
    await expect(t.as(reader, () => experiments.delete(id))).rejects.toMatchObject({ kind: 'PERMISSION_DENIED' });
  });

  it.each(['', 'abc', '-1', '01', '999999', '9'.repeat(30), "0' OR 1"])('knows no experiment "%s"', async (id) => {
    await expect(t.as(ada, () => experiments.get(id))).rejects.toThrow(NotFound);
  });

  it('is renamed, tagged, deleted and restored, with one event each', async () => {
    const made = await create('before');
    const id = made.experimentId;
    await create('taken');
    await t.as(ada, async () => {
      await experiments.rename(id, 'after');
      await experiments.rename(id, 'after');
      await expect(experiments.rename(id, 'taken')).rejects.toThrow(AlreadyExists);
      await experiments.setTag(id, { key: 'k', value: '1' });
      await experiments.setTag(id, { key: 'k', value: '2' });
      expect((await experiments.get(id)).tags).toEqual([{ key: 'k', value: '2' }]);
      await experiments.deleteTag(id, 'k');
      await expect(experiments.deleteTag(id, 'k')).rejects.toThrow(NotFound);
      await experiments.delete(id);
      await expect(experiments.delete(id)).rejects.toMatchObject({ reason: 'SAME_STAGE' });
      await expect(experiments.rename(id, 'x')).rejects.toMatchObject({ reason: 'EXPERIMENT_DELETED' });
      await expect(experiments.setTag(id, { key: 'k', value: '' })).rejects.toMatchObject({
        reason: 'EXPERIMENT_DELETED',
      });
      await experiments.restore(id);
      expect(await experiments.get(id)).toMatchObject({ name: 'after', lifecycleStage: 'active' });
    });
    const verbs = ['created', 'renamed', 'tag_set', 'tag_set', 'tag_deleted', 'deleted', 'restored'];
    expect(await actions(made)).toEqual(verbs.map((verb) => `experiment.${verb}`));
  });

  it('brings back the runs that were deleted with it, and no others', async () => {
    const runs = t.module.get(Runs);
    const { experimentId } = await create('with runs');
    const stages = () =>
      t.as(ada, async () => {
        const found = await runs.search({
          experimentIds: [experimentId],
          filter: [],
          orderBy: [],
          viewType: 'ALL',
          page,
        });
        return Object.fromEntries(found.edges.map(({ node }) => [node.name, node.lifecycleStage]));
      });
    await t.as(ada, async () => {
      await runs.create({ experimentId, name: 'kept' });
      const gone = await runs.create({ experimentId, name: 'gone' });
      await runs.delete(gone.id);
      await experiments.delete(experimentId);
      expect(await stages()).toEqual({ kept: 'deleted', gone: 'deleted' });
      await experiments.restore(experimentId);
    });
    expect(await stages()).toEqual({ kept: 'active', gone: 'deleted' });
  });

  it('is found by name, times and tags, by those who may READ it, page by page', async () => {
    const made: Experiment[] = [];
    for (const name of ['s-a', 's-b', 's-c']) made.push(await create(name));
    await t.as(ada, () => experiments.setTag(made[1]?.experimentId as string, { key: 'k', value: 'Vx' }));
    const search = (filter: object[], args = {}, who = ada) =>
      t.as(who, async () => {
        const found = await experiments.search({
          filter: filter as never,
          orderBy: [],
          viewType: 'ACTIVE_ONLY',
          page,
          ...args,
        });
        return { names: found.edges.map(({ node }) => node.name), last: found.edges.at(-1)?.cursor };
      });
    const like = { entity: 'attribute', key: 'name', operator: 'LIKE', value: 's-%' };
    const tag = { entity: 'tag', key: 'k', operator: 'ILIKE', value: 'v%' };
    expect((await search([like])).names).toEqual(['s-c', 's-b', 's-a']);
    expect((await search([like, tag])).names).toEqual(['s-b']);
    expect((await search([like, { ...tag, operator: 'IS NULL', value: null }])).names).toEqual(['s-c', 's-a']);
    expect((await search([{ ...like, value: 's_a\\' }])).names).toEqual([]);
    const since = { entity: 'attribute', key: 'creation_time', operator: '>=', value: made[1]?.createdAt.getTime() };
    expect((await search([like, since])).names).toEqual(['s-c', 's-b']);
    expect((await search([like], {}, stranger)).names).toEqual([]);

    const orderBy = [{ entity: 'attribute', key: 'name', ascending: true }];
    const first = await search([like], { orderBy, page: { first: 2 } });
    expect(first.names).toEqual(['s-a', 's-b']);
    expect((await search([like], { orderBy, page: { first: 2, after: first.last } })).names).toEqual(['s-c']);
    await expect(search([], { orderBy, page: { first: 2, after: first.last } })).rejects.toMatchObject({
      path: ['after'],
    });
    await expect(search([{ ...like, key: 'owner' }])).rejects.toThrow("Invalid attribute key 'owner'");
    await expect(search([{ ...like, operator: '<' }])).rejects.toThrow("Invalid comparator '<'");
  });
});
