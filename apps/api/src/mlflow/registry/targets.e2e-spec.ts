import { METASTORE_ID } from '@app/access';
import { runInContext } from '@app/platform';
import { Policies } from '@app/policy';
import { createRegistryDoor, type RegistryDoor } from '../../../../../test/support/registry-door.js';

describe('aliases and stages', () => {
  let d: RegistryDoor;
  beforeAll(async () => {
    d = await createRegistryDoor();
  });
  afterAll(() => d.close());

  it('sets, resolves and deletes aliases', async () => {
    const name = await d.model('prod.fraud.aliased', 2);
    expect(await d.post('registered-models/alias', { name, alias: 'live', version: '1' })).toMatchObject({
      status: 200,
      body: {},
    });
    expect((await d.get('registered-models/alias', { name, alias: 'live' })).body.model_version).toMatchObject({
      name,
      version: '1',
      aliases: ['live'],
    });
    expect((await d.get('registered-models/get', { name })).body.registered_model.aliases).toEqual([
      { alias: 'live', version: '1' },
    ]);
    expect((await d.get('registered-models/alias', { name, alias: 'Latest' })).body.model_version.version).toBe('2');
    expect((await d.del('registered-models/alias', { name, alias: 'live' })).status).toBe(200);
    expect(await d.get('registered-models/alias', { name, alias: 'live' })).toMatchObject({
      status: 400,
      body: { error_code: 'INVALID_PARAMETER_VALUE', message: 'Registered model alias live not found.' },
    });
    for (const body of [
      { name, alias: 'latest', version: '1' },
      { name, alias: 'v1', version: '1' },
      { name, alias: 'a b', version: '1' },
      { name, alias: 'live', version: '0' },
      { name, alias: 'live', version: 'abc' },
      { name, alias: 'live' },
    ]) {
      expect(await d.post('registered-models/alias', body)).toMatchObject({
        status: 400,
        body: { error_code: 'INVALID_PARAMETER_VALUE' },
      });
    }
    expect((await d.post('registered-models/alias', { name, alias: 'live', version: '9' })).status).toBe(404);
  });

  it('gives the latest version of each stage, by POST and by GET', async () => {
    const name = await d.model('prod.fraud.staged', 3);
    const transition = { name, version: '1', stage: 'production' };
    await d.post('model-versions/transition-stage', transition);
    const of = (answer: { body: { model_versions?: { version: string; current_stage: string }[] } }) =>
      (answer.body.model_versions ?? []).map(({ version, current_stage }) => `${version} ${current_stage}`);
    expect(of(await d.post('registered-models/get-latest-versions', { name }))).toEqual(['1 Production', '3 None']);
    expect(of(await d.post('registered-models/get-latest-versions', { name, stages: ['Production'] }))).toEqual([
      '1 Production',
    ]);
    expect(of(await d.get('registered-models/get-latest-versions', { name, stages: 'none' }))).toEqual(['3 None']);
    expect(of(await d.post('registered-models/get-latest-versions', { name, stages: ['Staging'] }))).toEqual([]);
    expect((await d.post('registered-models/get-latest-versions', { name, stages: ['Prod'] })).status).toBe(400);
  });

  it('refuses a protected move with the way to go instead', async () => {
    const name = await d.model('prod.fraud.protected', 1);
    const lead = await d.t.make.user();
    await d.t.make.grant(lead, { id: METASTORE_ID }, 'MANAGE_POLICY');
    const rules = { protects: { aliases: ['champion'], stages: ['Production'] } };
    await runInContext({ requestId: 'test', address: null, caller: lead, memo: {} }, () =>
      d.t.app.get(Policies).create({ on: { kind: 'METASTORE', fullName: 'metastore' }, name: 'production', rules }),
    );
    const alias = await d.post('registered-models/alias', { name, alias: 'champion', version: '1' });
    const stage = await d.post('model-versions/transition-stage', {
      name,
      version: '1',
      stage: 'Production',
      archive_existing_versions: true,
    });
    for (const { status, body } of [alias, stage]) {
      expect([status, body.error_code]).toEqual([403, 'PERMISSION_DENIED']);
      expect(body.message).toMatch(/policy "production".*promotionRequestCreate.*\/graphql/);
    }
    expect((await d.get('registered-models/get', { name })).body.registered_model.aliases).toBeUndefined();
  });
});
