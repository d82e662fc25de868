import { createHmac } from 'node:crypto';
import { METASTORE_ID } from '@app/access';
import sql from 'sql-template-tag';
import { createdEvent, createWebhookDoor, type WebhookDoor } from '../../../../../test/support/webhook-door.js';
import type { Received } from '../../../../../test/support/webhook-receiver.js';

const promptTags = [{ key: 'mlflow.prompt.is_prompt', value: 'true' }];

describe('webhooks of MLflow', () => {
  let d: WebhookDoor;
  beforeAll(async () => {
    d = await createWebhookDoor();
  });
  beforeEach(() => {
    d.receiver.received.length = 0;
    d.receiver.answer(() => ({ status: 200, body: 'thanks' }));
  });
  afterEach(() => d.t.db.execute(sql`DELETE FROM webhooks`));
  afterAll(() => d.close());

  const told = () => d.receiver.received.map(({ event }) => `${event.entity}.${event.action}`).sort();
  const dataOf = (type: string) =>
    d.receiver.received.map(({ event }) => event).find(({ entity, action }) => `${entity}.${action}` === type)?.data;
  const isSigned = ({ headers, body }: Received, secret: string) => {
    const signed = `${headers['x-mlflow-delivery-id']}.${headers['x-mlflow-timestamp']}.${body}`;
    return headers['x-mlflow-signature'] === `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`;
  };

  it('tell of models in the form of MLflow, signed, with the names that its clients know', async () => {
    const id = await d.made({
      secret: 'key',
      events: [
        createdEvent('REGISTERED_MODEL'),
        createdEvent('MODEL_VERSION'),
        { entity: 'MODEL_VERSION_TAG', action: 'SET' },
        { entity: 'MODEL_VERSION_TAG', action: 'DELETED' },
        createdEvent('MODEL_VERSION_ALIAS'),
        { entity: 'MODEL_VERSION_ALIAS', action: 'DELETED' },
      ],
    });
    const name = 'flat';
    const tags = [{ key: 'team', value: 'fraud' }];
    await d.post('registered-models/create', { name, description: 'a model', tags });
    await d.post('model-versions/create', { name, source: 's3://b/m', description: 'first', tags });
    await d.post('model-versions/set-tag', { name, version: '1', key: 'k', value: 'v' });
    await d.del('model-versions/delete-tag', { name, version: '1', key: 'k' });
    await d.post('registered-models/alias', { name, alias: 'live', version: '1' });
    await d.del('registered-models/alias', { name, alias: 'live' });
    await d.post('registered-models/set-tag', { name, key: 'k', value: 'v' });
    await d.send(id);
    expect(told()).toEqual([
      'model_version.created',
      'model_version_alias.created',
      'model_version_alias.deleted',
      'model_version_tag.deleted',
      'model_version_tag.set',
      'registered_model.created',
    ]);
    const given = { team: 'fraud' };
    expect(dataOf('registered_model.created')).toEqual({ name, tags: given, description: 'a model' });
    const version = { name, version: '1', source: 's3://b/m', run_id: null, tags: given, description: 'first' };
    expect(dataOf('model_version.created')).toEqual(version);
    expect(dataOf('model_version_tag.set')).toEqual({ name, version: '1', key: 'k', value: 'v' });
    expect(dataOf('model_version_tag.deleted')).toEqual({ name, version: '1', key: 'k' });
    expect(dataOf('model_version_alias.created')).toEqual({ name, alias: 'live', version: '1' });
    expect(dataOf('model_version_alias.deleted')).toEqual({ name, alias: 'live' });
    expect(d.receiver.received.every((request) => isSigned(request, 'key'))).toBe(true);
    const [{ event, headers }] = d.receiver.received as [Received];
    expect(Object.keys(event)).toEqual(['entity', 'action', 'timestamp', 'data']);
    expect(event.timestamp).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+\+00:00$/);
    expect(headers['content-type']).toBe('application/json');
  });

  it('tell of prompts by their own words, and of nothing that was not asked for', async () => {
    const prompts = ['PROMPT', 'PROMPT_VERSION', 'PROMPT_ALIAS'].map(createdEvent);
    const tags = ['PROMPT_TAG', 'PROMPT_VERSION_TAG'].flatMap((entity) => [
      { entity, action: 'SET' },
      { entity, action: 'DELETED' },
    ]);
    const id = await d.made({ events: [...prompts, ...tags, { entity: 'PROMPT_ALIAS', action: 'DELETED' }] });
    const name = 'prod.fraud.greeting';
    await d.post('registered-models/create', { name, tags: [...promptTags, { key: 'team', value: 'a' }] });
    const text = { key: 'mlflow.prompt.text', value: 'Hello {{name}}' };
    await d.post('model-versions/create', { name, source: 'dummy-source', tags: [...promptTags, text] });
    await d.post('registered-models/set-tag', { name, key: 'k', value: 'v' });
    await d.del('registered-models/delete-tag', { name, key: 'k' });
    await d.post('model-versions/set-tag', { name, version: '1', key: 'k', value: 'v' });
    await d.del('model-versions/delete-tag', { name, version: '1', key: 'k' });
    await d.post('registered-models/alias', { name, alias: 'live', version: '1' });
    await d.del('registered-models/alias', { name, alias: 'live' });
    await d.model('prod.fraud.no_prompt', 1);
    await d.send(id);
    expect(told()).toEqual([
      'prompt.created',
      'prompt_alias.created',
      'prompt_alias.deleted',
      'prompt_tag.deleted',
      'prompt_tag.set',
      'prompt_version.created',
      'prompt_version_tag.deleted',
      'prompt_version_tag.set',
    ]);
    expect(dataOf('prompt.created')).toEqual({ name, tags: { team: 'a' }, description: '' });
    const version = { name, version: '1', template: 'Hello {{name}}', tags: {}, description: null };
    expect(dataOf('prompt_version.created')).toEqual(version);
    expect(dataOf('prompt_tag.deleted')).toEqual({ name, key: 'k' });
    expect(d.receiver.received.every(({ headers }) => headers['x-mlflow-signature'] === undefined)).toBe(true);
  });

  it('are tried again after an error, under the same id, and withhold what their owner may not see', async () => {
    const id = await d.made();
    d.receiver.answer(() => ({ status: d.receiver.received.length < 2 ? 503 : 200 }));
    const model = await d.model('prod.fraud.again', 1);
    await d.send(id);
    await d.t.db.execute(
      sql`UPDATE webhook_deliveries SET due_at = now() - interval '1 second' WHERE status = 'PENDING'`,
    );
    await d.t.db.execute(sql`UPDATE webhooks SET paused_until = NULL`);
    await d.send(id);
    expect(new Set(d.receiver.received.map(({ headers }) => headers['x-mlflow-delivery-id'])).size).toBe(1);
    expect(d.receiver.received).toHaveLength(2);
    await d.t.db.execute(sql`DELETE FROM grants WHERE principal_id = ${d.admin.id}::uuid AND privilege = 'READ_AUDIT'`);
    await d.t.db.execute(sql`UPDATE access_version SET version = version + 1`);
    await d.post('model-versions/create', { name: model, source: 's3://b/m' });
    await d.send(id);
    expect(d.receiver.received).toHaveLength(2);
    const statuses = sql`SELECT status FROM webhook_deliveries WHERE webhook_id = ${id}::uuid ORDER BY created_at`;
    expect(await d.t.db.query(statuses)).toEqual([{ status: 'DELIVERED' }, { status: 'WITHHELD' }]);
    await d.t.make.grant(d.admin, { id: METASTORE_ID }, 'READ_AUDIT');
  });

  it('are tested at once, with the example of an event, and say what the receiver said', async () => {
    const events = [createdEvent('MODEL_VERSION'), { entity: 'PROMPT_VERSION_TAG', action: 'SET' }];
    const id = await d.made({ secret: 'key', events });
    const test = (body: object = {}) => d.post(`webhooks/${id}/test`, body, d.admin);
    expect((await test()).body).toEqual({
      result: { success: true, response_status: 200, response_body: 'thanks' },
    });
    await test({ event: events[1] });
    expect(d.receiver.received.map(({ event }) => event.data)).toEqual([
      {
        name: 'example_model',
        version: '1',
        source: 'models:/123',
        run_id: 'abcd1234abcd5678',
        tags: { example_key: 'example_value' },
        description: 'An example model version',
      },
      { name: 'example_prompt', version: '1', key: 'example_key', value: 'example_value' },
    ]);
    expect(d.receiver.received.every((request) => isSigned(request, 'key'))).toBe(true);
    d.receiver.answer(() => ({ status: 401, body: 'no' }));
    expect((await test()).body.result).toEqual({ success: false, response_status: 401, response_body: 'no' });
    await d.patch(`webhooks/${id}`, { url: 'http://10.1.2.3/' }, d.admin);
    expect((await test()).body.result).toEqual({
      success: false,
      error_message: expect.stringContaining('OUTBOUND_ALLOW'),
    });
    expect((await test({ event: { entity: 'BUDGET_POLICY', action: 'EXCEEDED' } })).status).toBe(400);
    const left = sql`SELECT status FROM webhook_deliveries WHERE webhook_id = ${id}::uuid AND status = 'PENDING'`;
    expect(await d.t.db.query(left)).toEqual([]);
  });
});
