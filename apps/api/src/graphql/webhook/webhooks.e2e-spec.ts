import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { graphql } from '../../../../../test/support/graphql.js';
import { countStatements } from '../../../../../test/support/statements.js';

describe('webhooks over GraphQL', () => {
  let t: TestApp;
  let manager: TestPrincipal;
  let reader: TestPrincipal;
  beforeAll(async () => {
    t = await createTestApp();
    [manager, reader] = [await t.make.user('manager'), await t.make.user('reader')];
    const schema = await t.make.schema('prod.fraud', manager);
    const catalog = { id: schema.catalogId as string };
    await t.make.grant(manager, catalog, 'USE_CATALOG', 'USE_SCHEMA');
    await t.make.grant(reader, catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE', 'READ_AUDIT');
  });
  afterAll(() => t.close());

  const change = async (name: string, input: object, selection: string, who = manager) => {
    const type =
      name === 'webhookDelete' || name === 'webhookTest' ? 'WebhookRef' : `${name[0]?.toUpperCase()}${name.slice(1)}`;
    const { data } = await graphql(
      t,
      who.token,
      `mutation($input: ${type}Input!) { ${name}(input: $input) { ${selection} errors { code message path } } }`,
      { input },
    );
    return data[name];
  };
  const create = (name: string, input: object = {}) =>
    change(
      'webhookCreate',
      {
        securable: { kind: 'CATALOG', fullName: 'prod' },
        name,
        url: 'https://hooks.example/board',
        eventTypes: ['catalog.*'],
        ...input,
      },
      'secret webhook { id name owner { name } securable { fullName } }',
    );
  const list = (who: TestPrincipal) =>
    graphql(
      t,
      who.token,
      `{ catalog(name: "prod") { name webhooks(first: 10) { totalCount nodes {
        id name status url deliveries(first: 10, filter: { status: PENDING }) { totalCount nodes {
          id eventId webhookMessageId eventType status dueAt attempts { number } } } } } } }`,
    );

  it('are made with a secret that is shown once, changed, tested, rotated, replayed and deleted', async () => {
    const { secret, webhook, errors } = await create('board');
    expect(errors).toEqual([]);
    expect(secret).toMatch(/^whsec_/);
    expect(webhook).toMatchObject({ name: 'board', owner: { name: 'manager' }, securable: { fullName: 'prod' } });
    const webhookId = webhook.id;
    const tested = await change('webhookTest', { webhookId }, 'webhookDelivery { id eventType status dueAt }');
    expect(tested.webhookDelivery).toMatchObject({ eventType: 'webhook.tested', status: 'PENDING' });
    const webhookDeliveryId = tested.webhookDelivery.id;
    const replayed = await change('webhookDeliveryReplay', { webhookDeliveryId }, 'webhookDelivery { id }');
    expect(replayed.webhookDelivery.id).toBe(webhookDeliveryId);
    const failed = await change('webhookFailedReplay', { webhookId, since: '2020-01-01T00:00:00Z' }, 'replayed');
    expect(failed).toEqual({ replayed: 0, errors: [] });
    const rotated = await change('webhookSecretRotate', { webhookId }, 'secret webhook { previousSecretUntil }');
    expect(rotated.secret).not.toBe(secret);
    const paused = await change(
      'webhookUpdate',
      { webhookId, enabled: false, description: 'x' },
      'webhook { status description disabledReason }',
    );
    expect(paused.webhook).toEqual({ status: 'DISABLED', description: 'x', disabledReason: 'disabled by manager' });
    const refused = await change('webhookTest', { webhookId }, 'webhookDelivery { id }');
    expect(refused).toMatchObject({ webhookDelivery: null, errors: [{ code: 'WEBHOOK_DISABLED' }] });
    const node = '{ node(id: "ID") { __typename } }';
    for (const [id, type] of [
      [webhookId, 'Webhook'],
      [webhookDeliveryId, 'WebhookDelivery'],
    ]) {
      const { data } = await graphql(t, manager.token, node.replace('ID', id));
      expect(data.node).toEqual({ __typename: type });
      expect((await graphql(t, reader.token, node.replace('ID', id))).data.node).toBeNull();
    }
    expect(await change('webhookDelete', { webhookId }, 'deletedWebhookId')).toMatchObject({
      deletedWebhookId: webhookId,
    });
  });

  it('name what is wrong in the input', async () => {
    const { webhook, errors } = await create('wrong', { eventTypes: ['catalog.*', 'nonsense'] });
    expect(webhook).toBeNull();
    expect(errors).toMatchObject([
      { path: ['input', 'eventTypes', '1'], message: expect.stringContaining('"nonsense"') },
    ]);
  });

  it('never keep an answer with a secret for its idempotency key', async () => {
    const query = `mutation { webhookCreate(input: { securable: { kind: CATALOG, fullName: "prod" }, name: "once",
      url: "https://hooks.example/", eventTypes: ["*"] }) { secret errors { code } } }`;
    const send = () =>
      t.call('POST', '/graphql', { token: manager.token, body: { query }, headers: { 'idempotency-key': 'k1' } });
    expect((await send()).body.data.webhookCreate.secret).toMatch(/^whsec_/);
    expect(JSON.stringify((await send()).body)).not.toContain('whsec_');
  });

  it('are listed for those who may manage the securable, and for nobody else; to look is no attempt', async () => {
    await create('listed');
    const { data } = await list(manager);
    expect(data.catalog.webhooks.nodes.map(({ name }: { name: string }) => name)).toEqual(['listed', 'once']);
    const refusals = sql`SELECT count(*) AS count FROM audit_events WHERE outcome = 'REFUSED'`;
    const before = await t.db.first(refusals);
    expect((await list(reader)).data.catalog).toEqual({ name: 'prod', webhooks: null });
    expect(await t.db.first(refusals)).toEqual(before);
  });

  it('show their deliveries in a number of statements that does not grow with them', async () => {
    const { webhook } = await create('busy', { eventTypes: ['schema.*'] });
    const asked = `{ node(id: "${webhook.id}") { ... on Webhook { deliveries(first: 50) { nodes { eventType attempts { number } } } } } }`;
    const statements: number[] = [];
    for (const makes of [1, 9]) {
      for (let n = 0; n < makes; n++) {
        await graphql(
          t,
          manager.token,
          `mutation { schemaCreate(input: { catalog: "prod", name: "s${makes}x${n}" }) { errors { message } } }`,
        );
      }
      await graphql(t, manager.token, asked);
      const counted = countStatements(t.app);
      const { data } = await graphql(t, manager.token, asked);
      statements.push(counted.stop().length);
      expect(data.node.deliveries.nodes).toHaveLength(makes === 1 ? 1 : 10);
    }
    expect(statements[0]).toBe(statements[1]);
  });
});
