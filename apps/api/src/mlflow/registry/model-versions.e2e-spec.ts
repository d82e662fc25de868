import { createRegistryDoor, type RegistryDoor } from '../../../../../test/support/registry-door.js';

describe('model-versions', () => {
  let d: RegistryDoor;
  beforeAll(async () => {
    d = await createRegistryDoor();
  });
  afterAll(() => d.close());

  const outside = 's3://bucket/m';

  it('creates and gets a version in the form that MLflow knows', async () => {
    const name = await d.model('scorer');
    const tags = [{ key: 'a', value: '1' }];
    const created = await d.post('model-versions/create', {
      name,
      source: outside,
      description: 'd',
      run_link: 'l',
      tags,
    });
    const version = {
      name,
      version: '1',
      creation_timestamp: expect.any(Number),
      last_updated_timestamp: expect.any(Number),
      user_id: d.owner.name,
      current_stage: 'None',
      description: 'd',
      source: outside,
      run_link: 'l',
      status: 'READY',
      tags,
    };
    expect(created).toMatchObject({ status: 200 });
    expect(created.body.model_version).toEqual(version);
    expect((await d.get('model-versions/get', { name, version: '1' })).body.model_version).toEqual(version);
    const full = await d.get('model-versions/get', { name: 'main.default.scorer', version: '1' });
    expect(full.body.model_version.name).toBe('main.default.scorer');
    expect((await d.get('model-versions/get-download-uri', { name, version: '1' })).body).toEqual({
      artifact_uri: outside,
    });
  });

  it.each(['0', 'abc', '-1', '1.5', '01', '99999999999', ''])('refuses the version "%s"', async (version) => {
    const answer = await d.get('model-versions/get', { name: 'scorer', version });
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE' } });
    expect(answer.body.message).toContain('version');
  });

  it('says which version does not exist', async () => {
    const name = await d.model('prod.fraud.absent', 1);
    const answer = await d.get('model-versions/get', { name, version: '7' });
    expect(answer).toMatchObject({ status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST' } });
    expect(answer.body.message).toBe('Model Version (name=prod.fraud.absent, version=7) not found');
  });

  it('hides versions from the stranger on every call, and tells the reader what he lacks', async () => {
    const name = await d.model('prod.fraud.hidden', 1);
    const version = '1';
    const reads = (who: typeof d.owner) => [
      d.get('model-versions/get', { name, version }, who),
      d.get('model-versions/get-download-uri', { name, version }, who),
    ];
    const writes = (who: typeof d.owner) => [
      d.post('model-versions/create', { name, source: outside }, who),
      d.patch('model-versions/update', { name, version, description: 'x' }, who),
      d.del('model-versions/delete', { name, version }, who),
      d.post('model-versions/transition-stage', { name, version, stage: 'Staging' }, who),
      d.post('model-versions/set-tag', { name, version, key: 'a', value: 'b' }, who),
      d.del('model-versions/delete-tag', { name, version, key: 'a' }, who),
    ];
    for (const answer of await Promise.all([...reads(d.stranger), ...writes(d.stranger)])) {
      expect(answer).toMatchObject({ status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST' } });
    }
    for (const answer of await Promise.all(reads(d.reader))) expect(answer.status).toBe(200);
    for (const answer of await Promise.all(writes(d.reader))) {
      expect(answer).toMatchObject({ status: 403, body: { error_code: 'PERMISSION_DENIED' } });
    }
    expect((await d.get('model-versions/search', { filter: `name = '${name}'` }, d.stranger)).body).toEqual({});
  });

  it('updates, tags and deletes a version, whose number is not given again', async () => {
    const name = await d.model('prod.fraud.changed', 2);
    const second = { name, version: '2' };
    expect(
      (await d.patch('model-versions/update', { ...second, description: 'new' })).body.model_version,
    ).toMatchObject({
      version: '2',
      description: 'new',
    });
    expect((await d.post('model-versions/set-tag', { ...second, key: 'a', value: '1' })).body).toEqual({});
    expect((await d.get('model-versions/get', second)).body.model_version.tags).toEqual([{ key: 'a', value: '1' }]);
    expect((await d.del('model-versions/delete-tag', { ...second, key: 'a' })).status).toBe(200);
    expect((await d.get('model-versions/get', second)).body.model_version.tags).toBeUndefined();
    expect((await d.del('model-versions/delete', second)).body).toEqual({});
    expect((await d.get('model-versions/get', second)).status).toBe(404);
    const next = await d.post('model-versions/create', { name, source: outside });
    expect(next.body.model_version.version).toBe('3');
  });

  it('gives twenty clients at once twenty numbers', async () => {
    const name = await d.model('prod.fraud.busy');
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => d.post('model-versions/create', { name, source: outside })),
    );
    const numbers = answers.map(({ body }) => Number(body.model_version.version)).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  });

  it('moves stages, in any case, and archives', async () => {
    const name = await d.model('prod.fraud.moved', 2);
    const move = (version: string, stage: string, archive_existing_versions?: boolean) =>
      d.post('model-versions/transition-stage', { name, version, stage, archive_existing_versions });
    expect((await move('1', 'PRODUCTION')).body.model_version).toMatchObject({ current_stage: 'Production' });
    expect((await move('2', 'production', true)).body.model_version).toMatchObject({ current_stage: 'Production' });
    const first = await d.get('model-versions/get', { name, version: '1' });
    expect(first.body.model_version.current_stage).toBe('Archived');
    expect((await move('1', 'Live')).status).toBe(400);
    expect((await move('1', 'None', true)).status).toBe(400);
  });

  it('searches by name, run, source, number and tags, newest change first', async () => {
    const name = await d.model('prod.fraud.searched', 3);
    await d.model('prod.fraud.searched2', 1);
    await d.post('model-versions/set-tag', { name, version: '2', key: 'good', value: 'yes' });
    const found = async (query: Record<string, string>) => {
      const { status, body } = await d.get('model-versions/search', query);
      expect(status).toBe(200);
      const versions = (body.model_versions ?? []) as { name: string; version: string }[];
      return versions.map((version) => `${version.name}/${version.version}`);
    };
    const mine = `name = '${name}'`;
    expect(await found({ filter: mine })).toEqual([3, 2, 1].map((number) => `${name}/${number}`));
    expect(await found({ filter: `${mine} AND version_number <= 2`, order_by: 'version_number ASC' })).toEqual([
      `${name}/1`,
      `${name}/2`,
    ]);
    expect(await found({ filter: `${mine} AND tags.good = 'yes'` })).toEqual([`${name}/2`]);
    expect(await found({ filter: `${mine} AND source_path LIKE 's3:%'`, max_results: '1' })).toHaveLength(1);
    expect(await found({ filter: `${mine} AND run_id = 'none'` })).toEqual([]);
    const paged = await d.get('model-versions/search', { filter: mine, max_results: '2' });
    const rest = { filter: mine, max_results: '2', page_token: paged.body.next_page_token };
    expect(await found(rest)).toEqual([`${name}/1`]);
    for (const query of [
      { filter: 'metrics.a > 1' },
      { max_results: '200001' },
      { page_token: 'x' },
      { order_by: 'stage' },
    ]) {
      expect((await d.get('model-versions/search', query)).status).toBe(400);
    }
  });
});
