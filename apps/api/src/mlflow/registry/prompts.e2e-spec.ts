import sql from 'sql-template-tag';
import { createRegistryDoor, type RegistryDoor } from '../../../../../test/support/registry-door.js';

const tags = [{ key: 'mlflow.prompt.is_prompt', value: 'true' }];

describe('prompts', () => {
  let d: RegistryDoor;
  beforeAll(async () => {
    d = await createRegistryDoor();
    await d.post('registered-models/create', { name: 'prod.fraud.words', tags });
    await d.post('registered-models/create', { name: 'words', tags });
    await d.model('prod.fraud.scorer');
  });
  afterAll(() => d.close());

  it.each([
    ['words', tags, 'Prompt (name=words) already exists.'],
    ['prod.fraud.words', tags, 'Prompt (name=prod.fraud.words) already exists.'],
    ['prod.fraud.scorer', [], 'Registered Model (name=prod.fraud.scorer) already exists.'],
    ['prod.fraud.words', [], 'Tried to create a registered model with name'],
    ['prod.fraud.scorer', tags, 'already taken by a registered model: a model and a prompt cannot have one name'],
  ])('a name that is taken, %s with %j, is refused by what is there', async (name, given, message) => {
    const answer = await d.post('registered-models/create', { name, tags: given });
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'RESOURCE_ALREADY_EXISTS' } });
    expect(answer.body.message).toContain(message);
  });

  it('who may make models, and not see them, learns no more than that the name is taken', async () => {
    const maker = await d.t.make.user();
    const [{ id }] = (await d.t.db.query<{ id: string }>(sql`SELECT id FROM securables WHERE full_name = 'prod'`)) as [
      { id: string },
    ];
    await d.t.make.grant(maker, { id }, 'USE_CATALOG', 'USE_SCHEMA', 'CREATE_MODEL');
    const answer = await d.post('registered-models/create', { name: 'prod.fraud.words' }, maker);
    expect(answer.body.message).toBe('Registered Model (name=prod.fraud.words) already exists.');
  });
});

describe('the header X-MLFLOW-WORKSPACE', () => {
  let d: RegistryDoor;
  beforeAll(async () => {
    d = await createRegistryDoor();
  });
  afterAll(() => d.close());

  const search = (workspace: string) =>
    d.t.call('GET', '/api/2.0/mlflow/registered-models/search', {
      token: d.owner.token,
      headers: { 'x-mlflow-workspace': workspace },
    });

  it('is refused, since nothing here would keep to it, but for the one that everybody is in', async () => {
    const answer = await search('team-a');
    expect(answer).toMatchObject({ status: 501, body: { error_code: 'NOT_IMPLEMENTED' } });
    expect(answer.body.message).toContain('does not offer workspaces');
    for (const harmless of ['default', ' ']) expect((await search(harmless)).status).toBe(200);
  });
});
