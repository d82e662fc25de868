import sql from 'sql-template-tag';
import { graphql } from '../../../../../test/support/graphql.js';
import { createdEvent, createWebhookDoor, type WebhookDoor } from '../../../../../test/support/webhook-door.js';

describe('webhooks', () => {
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

  it('are made, got, changed, listed by pages and deleted, and never show their secret', async () => {
    const { status, body } = await d.make({ description: 'd', secret: 's3cret', events: [createdEvent('PROMPT')] });
    const { webhook } = body;
    expect({ status, webhook }).toEqual({
      status: 200,
      webhook: {
        webhook_id: expect.any(String),
        name: 'ci',
        url: d.receiver.url,
        description: 'd',
        events: [createdEvent('PROMPT')],
        status: 'ACTIVE',
        creation_timestamp: expect.any(Number),
        last_updated_timestamp: expect.any(Number),
      },
    });
    const path = `webhooks/${webhook.webhook_id}`;
    expect((await d.get(path, {}, d.admin)).body).toEqual({ webhook });
    const changes = { name: 'new', status: 'DISABLED', events: [{ entity: 'MODEL_VERSION_TAG', action: 'SET' }] };
    const changed = (await d.patch(path, { ...changes, secret: 'other' }, d.admin)).body.webhook;
    expect(changed).toMatchObject({ ...changes, url: d.receiver.url, description: 'd' });
    expect(changed.last_updated_timestamp).toBeGreaterThan(webhook.last_updated_timestamp);
    await d.make({ name: 'second' });
    const first = (await d.get('webhooks', { max_results: '1' }, d.admin)).body;
    const rest = (await d.get('webhooks', { page_token: first.next_page_token }, d.admin)).body;
    expect([...first.webhooks, ...rest.webhooks].map(({ name }) => name)).toEqual(['new', 'second']);
    expect(rest.next_page_token).toBeUndefined();
    expect((await d.del(path, {}, d.admin)).body).toEqual({});
    expect(await d.get(path, {}, d.admin)).toMatchObject({
      status: 404,
      body: {
        error_code: 'RESOURCE_DOES_NOT_EXIST',
        message: `Webhook with ID ${webhook.webhook_id} not found.`,
      },
    });
  });

  it.each([
    [{ name: 'a b' }, "Webhook name 'a b' is invalid"],
    [{ name: 'a'.repeat(64) }, 'at most 63 characters'],
    [{ url: '   ' }, 'Webhook URL cannot be empty or just whitespace'],
    [{ url: 'ftp://example.com' }, "Invalid webhook URL scheme: 'ftp'"],
    [{ url: 'http://[invalid' }, 'Invalid webhook URL'],
    [{ events: [] }, 'name at least one event'],
    [
      { events: [{ entity: 'BUDGET_POLICY', action: 'EXCEEDED' }] },
      'events.0: "budget_policy.exceeded" is not an event',
    ],
    [{ events: [{ entity: 'MODEL_VERSION', action: 'DELETED' }] }, 'events.0: "model_version.deleted" is not an event'],
    [{ events: [{ entity: 'RUN', action: 'CREATED' }] }, 'must be one of REGISTERED_MODEL'],
    [{ secret: 'a\u0000' }, 'NUL'],
  ])('refuse %j', async (changes, message) => {
    const answer = await d.make(changes);
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE' } });
    expect(answer.body.message).toContain(message);
  });

  it('refuse a page of none, or of more than 1000', async () => {
    for (const max_results of ['0', '1001']) {
      const answer = await d.get('webhooks', { max_results }, d.admin);
      expect(answer.body.message).toContain('max_results must be between 1 and 1000');
    }
  });

  it('are for those who manage the metastore, and do not show those of another format', async () => {
    const id = await d.made();
    for (const who of [d.owner, d.reader, d.stranger]) {
      expect((await d.make({ name: 'x' }, who)).body.error_code).toMatch('PERMISSION_DENIED');
      const answers = [
        await d.get('webhooks', {}, who),
        await d.get(`webhooks/${id}`, {}, who),
        await d.patch(`webhooks/${id}`, { name: 'x' }, who),
        await d.del(`webhooks/${id}`, {}, who),
        await d.post(`webhooks/${id}/test`, {}, who),
      ];
      for (const { status } of answers) expect([403, 404]).toContain(status);
    }
    const securable = '{ kind: METASTORE, fullName: "metastore" }';
    const ours = `mutation { webhookCreate(input: { securable: ${securable}, name: "ours", url: "https://a.example/", eventTypes: ["*"] }) { webhook { id format } errors { message } } }`;
    const { data } = await graphql(d.t, d.admin.token, ours);
    expect(data.webhookCreate).toMatchObject({ webhook: { format: 'CLOUD_EVENTS' }, errors: [] });
    const [row] = await d.t.db.query<{ id: string }>(sql`SELECT id FROM webhooks WHERE name = 'ours'`);
    expect((await d.get('webhooks', {}, d.admin)).body.webhooks).toHaveLength(1);
    expect((await d.get(`webhooks/${row?.id}`, {}, d.admin)).status).toBe(404);
    expect((await d.del(`webhooks/${row?.id}`, {}, d.admin)).status).toBe(404);
  });
});
