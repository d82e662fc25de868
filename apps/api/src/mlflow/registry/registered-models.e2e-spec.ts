import sql from 'sql-template-tag';
import { eventually } from '../../../../../test/support/processes.js';
import { createRegistryDoor, type RegistryDoor } from '../../../../../test/support/registry-door.js';

describe('registered-models', () => {
  let d: RegistryDoor;
  beforeAll(async () => {
    d = await createRegistryDoor();
  });
  afterAll(() => d.close());

  it('creates and gets a model, and answers with the name as it was asked for', async () => {
    const tags = [{ key: 'team', value: 'fraud' }];
    const created = await d.post('registered-models/create', { name: 'scorer', description: 'd', tags });
    expect(created).toMatchObject({
      status: 200,
      body: { registered_model: { name: 'scorer', description: 'd', tags } },
    });
    expect(created.body.registered_model.creation_timestamp).toEqual(expect.any(Number));
    expect((await d.get('registered-models/get', { name: 'scorer' })).body.registered_model.name).toBe('scorer');
    expect((await d.get('registered-models/get', { name: 'main.default.scorer' })).body.registered_model.name).toBe(
      'main.default.scorer',
    );
    await d.model('prod.fraud.scorer');
    expect((await d.get('registered-models/get', { name: 'prod.fraud.scorer' })).body).toEqual({
      registered_model: {
        name: 'prod.fraud.scorer',
        creation_timestamp: expect.any(Number),
        last_updated_timestamp: expect.any(Number),
        description: '',
      },
    });
  });

  it('says that a model exists with the code that clients go on after', async () => {
    await d.model('prod.fraud.twice');
    expect(await d.post('registered-models/create', { name: 'prod.fraud.twice' })).toMatchObject({
      status: 400,
      body: { error_code: 'RESOURCE_ALREADY_EXISTS' },
    });
  });

  it('tells models and prompts of one name apart', async () => {
    const tags = [{ key: 'mlflow.prompt.is_prompt', value: 'true' }];
    const create = async (body: object) => (await d.post('registered-models/create', body)).body.message;
    await create({ name: 'a-prompt', tags });
    await create({ name: 'a-model' });
    expect(await create({ name: 'a-prompt', tags })).toBe('Prompt (name=a-prompt) already exists.');
    expect(await create({ name: 'a-prompt' })).toMatch(
      /^Tried to create a registered model with name 'a-prompt', .* taken by a prompt: /,
    );
    expect(await create({ name: 'a-model', tags })).toMatch(
      /^Tried to create a prompt with name 'a-model', .* taken by a registered model: /,
    );
    for (const name of ['a-prompt', 'a-model']) await d.del('registered-models/delete', { name });
  });

  it.each([
    [{}, "Missing value for required parameter 'name'"],
    [{ name: '' }, "Missing value for required parameter 'name'"],
    [{ name: 7 }, "Invalid value 7 for parameter 'name'"],
    [{ name: 'prod.scorer' }, 'catalog.schema.model'],
    [{ name: 'a.b.c.d' }, 'catalog.schema.model'],
    [{ name: 'a/b' }, 'is not a valid name'],
    [{ name: 'ok', tags: [{ key: '' }] }, 'tags[0].key'],
  ])('refuses %j', async (body, message) => {
    const answer = await d.post('registered-models/create', body);
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE' } });
    expect(answer.body.message).toContain(message);
  });

  it('hides a model from the stranger on every call', async () => {
    const name = await d.model('prod.fraud.hidden', 1);
    const answers = [
      await d.get('registered-models/get', { name }, d.stranger),
      await d.post('registered-models/rename', { name, new_name: 'prod.fraud.x' }, d.stranger),
      await d.patch('registered-models/update', { name, description: 'x' }, d.stranger),
      await d.del('registered-models/delete', { name }, d.stranger),
      await d.post('registered-models/get-latest-versions', { name }, d.stranger),
      await d.post('registered-models/set-tag', { name, key: 'a', value: 'b' }, d.stranger),
      await d.del('registered-models/delete-tag', { name, key: 'a' }, d.stranger),
      await d.post('registered-models/alias', { name, alias: 'live', version: '1' }, d.stranger),
      await d.del('registered-models/alias', { name, alias: 'live' }, d.stranger),
      await d.get('registered-models/alias', { name, alias: 'live' }, d.stranger),
      await d.post('model-versions/create', { name, source: 's3://b/m' }, d.stranger),
    ];
    for (const { status, body } of answers) {
      expect([status, body.error_code]).toEqual([404, 'RESOURCE_DOES_NOT_EXIST']);
    }
    expect((await d.get('registered-models/search', {}, d.stranger)).body).toEqual({});
    const refusals = () =>
      d.t.db.first<{ count: number }>(
        sql`SELECT count(*) AS count FROM audit_events WHERE actor_id = ${d.stranger.id}::uuid AND outcome = 'REFUSED'`,
      );
    expect(await eventually(refusals, (refused) => refused?.count === answers.length)).toBeTruthy();
  });

  it('tells the reader what he lacks', async () => {
    const name = await d.model('prod.fraud.readable', 1);
    expect(await d.get('registered-models/get', { name }, d.reader)).toMatchObject({ status: 200 });
    for (const answer of [
      await d.patch('registered-models/update', { name, description: 'x' }, d.reader),
      await d.del('registered-models/delete', { name }, d.reader),
      await d.post('registered-models/set-tag', { name, key: 'a', value: 'b' }, d.reader),
      await d.post('registered-models/alias', { name, alias: 'live', version: '1' }, d.reader),
    ]) {
      expect(answer).toMatchObject({ status: 403, body: { error_code: 'PERMISSION_DENIED' } });
    }
  });

  it('updates, renames and deletes', async () => {
    const name = await d.model('prod.fraud.before', 1);
    expect(
      (await d.patch('registered-models/update', { name, description: 'new' })).body.registered_model.description,
    ).toBe('new');
    const renamed = await d.post('registered-models/rename', { name, new_name: 'prod.fraud.after' });
    expect(renamed.body.registered_model).toMatchObject({ name: 'prod.fraud.after', description: 'new' });
    expect((await d.get('registered-models/get', { name })).status).toBe(404);
    expect(
      (await d.get('registered-models/get', { name: 'prod.fraud.after' })).body.registered_model.latest_versions,
    ).toMatchObject([{ name: 'prod.fraud.after', version: '1' }]);
    await d.model('prod.fraud.other');
    expect(
      (await d.post('registered-models/rename', { name: 'prod.fraud.other', new_name: 'prod.fraud.after' })).body
        .error_code,
    ).toBe('RESOURCE_ALREADY_EXISTS');
    expect(await d.del('registered-models/delete', { name: 'prod.fraud.after' })).toMatchObject({
      status: 200,
      body: {},
    });
    expect((await d.del('registered-models/delete', { name: 'prod.fraud.after' })).status).toBe(404);
  });

  it('answers a new description with the tags as they are', async () => {
    const tags = [{ key: 'team', value: 'fraud' }];
    await d.post('registered-models/create', { name: 'described', tags });
    const updated = await d.patch('registered-models/update', { name: 'described', description: 'better' });
    expect(updated.body.registered_model).toMatchObject({ description: 'better' });
    expect(updated.body.registered_model.tags).toEqual(tags);
  });

  it('sets and deletes tags', async () => {
    const name = await d.model('prod.fraud.tagged');
    expect((await d.post('registered-models/set-tag', { name, key: 'a', value: '1' })).body).toEqual({});
    expect((await d.post('registered-models/set-tag', { name, key: 'empty' })).body).toEqual({});
    expect((await d.get('registered-models/get', { name })).body.registered_model.tags).toEqual([
      { key: 'a', value: '1' },
      { key: 'empty', value: '' },
    ]);
    expect((await d.del('registered-models/delete-tag', { name, key: 'a' })).status).toBe(200);
    expect((await d.del('registered-models/delete-tag', { name, key: 'a' })).status).toBe(200);
    expect((await d.post('registered-models/set-tag', { name, key: 'k'.repeat(256), value: '' })).status).toBe(400);
  });

  it('searches with filter, order and page tokens, without prompts', async () => {
    for (const name of ['prod.fraud.s1', 'prod.fraud.s2', 'prod.fraud.s3', 'flat_s']) await d.model(name);
    await d.post('registered-models/create', {
      name: 'prod.fraud.sprompt',
      tags: [{ key: 'mlflow.prompt.is_prompt', value: 'true' }],
    });
    const names = (answer: { body: { registered_models?: { name: string }[] } }) =>
      (answer.body.registered_models ?? []).map(({ name }) => name);
    const filter = "name LIKE 'prod.fraud.s%' AND name != 'prod.fraud.scorer' AND name != 'prod.fraud.staged'";
    const first = await d.get('registered-models/search', { filter, max_results: '2', order_by: 'name DESC' });
    expect(names(first)).toEqual(['prod.fraud.s3', 'prod.fraud.s2']);
    const page_token = first.body.next_page_token;
    const second = await d.get('registered-models/search', {
      filter,
      max_results: '2',
      order_by: 'name DESC',
      page_token,
    });
    expect(names(second)).toEqual(['prod.fraud.s1']);
    expect(second.body.next_page_token).toBeUndefined();
    expect(
      names(await d.get('registered-models/search', { filter: "tags.`mlflow.prompt.is_prompt` = 'true'" })),
    ).toEqual(['prod.fraud.sprompt']);
    expect(names(await d.get('registered-models/search', { filter: "name = 'flat_s'" }))).toEqual(['flat_s']);
    expect(names(await d.get('registered-models/search', { filter: "name = 'main.default.flat_s'" }))).toEqual([
      'main.default.flat_s',
    ]);
    expect(names(await d.get('registered-models/search', { filter, max_results: '1' }, d.reader))).toEqual([
      'prod.fraud.s1',
    ]);
    for (const query of [
      { filter: 'name' },
      { filter: "owner = 'x'" },
      { max_results: '0' },
      { max_results: '1001' },
      { page_token: 'broken' },
      { page_token, order_by: 'timestamp' },
      { order_by: 'size' },
    ]) {
      expect(await d.get('registered-models/search', query)).toMatchObject({
        status: 400,
        body: { error_code: 'INVALID_PARAMETER_VALUE' },
      });
    }
  });
});
