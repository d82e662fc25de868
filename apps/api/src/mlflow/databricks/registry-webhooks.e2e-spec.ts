import { setTimeout } from 'node:timers/promises';
import { METASTORE_ID } from '@app/access';
import { actAs } from '@app/platform';
import { WebhookDispatcher } from '@app/webhook';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { createGovernedDoor, type GovernedDoor } from '../../../../../test/support/governed-door.js';
import { worker } from '../../../../../test/support/promotion.js';
import { startReceiver, type WebhookReceiver } from '../../../../../test/support/webhook-receiver.js';

describe('webhooks of the workspace registry', () => {
  let d: GovernedDoor;
  let admin: TestPrincipal;
  let receiver: WebhookReceiver;
  let model: string;
  beforeAll(async () => {
    d = await createGovernedDoor({ OUTBOUND_ALLOW: '127.0.0.0/8' });
    receiver = await startReceiver();
    admin = await d.t.make.user('admin');
    await d.t.make.grant(admin, { id: METASTORE_ID }, 'MANAGE');
    model = await d.model('prod.fraud.told_of', 2);
  });
  afterEach(() => d.t.db.execute(sql`DELETE FROM webhooks`));
  afterAll(async () => {
    await receiver.close();
    await d.close();
  });

  type Params = Record<string, unknown>;
  const call = (method: string, path: string, params: Params, who = d.scientist) =>
    d.call(method, `registry-webhooks/${path}`, params, who);
  const create = (params: Params = {}, who = d.scientist) =>
    call(
      'POST',
      'create',
      { model_name: model, events: ['MODEL_VERSION_CREATED'], http_url_spec: { url: receiver.url }, ...params },
      who,
    );
  const idOf = async (params: Params = {}, who = d.scientist) => (await create(params, who)).body.webhook.id as string;
  const list = async (params: Params = {}, who = d.scientist) => (await call('GET', 'list', params, who)).body.webhooks;

  it('are made, listed, changed and deleted', async () => {
    const { status, body } = await create({
      description: 'd',
      events: ['MODEL_VERSION_TRANSITIONED_STAGE', 'TRANSITION_REQUEST_CREATED', 'COMMENT_CREATED'],
      status: 'DISABLED',
    });
    const webhook = {
      id: expect.any(String),
      model_name: model,
      events: ['COMMENT_CREATED', 'MODEL_VERSION_TRANSITIONED_STAGE', 'TRANSITION_REQUEST_CREATED'],
      description: 'd',
      status: 'DISABLED',
      http_url_spec: { url: receiver.url, enable_ssl_verification: true },
      creation_timestamp: expect.any(Number),
      last_updated_timestamp: expect.any(Number),
    };
    expect({ status, body }).toEqual({ status: 200, body: { webhook } });
    const { id } = body.webhook;
    expect(await list({ model_name: model })).toEqual([body.webhook]);
    const changes = { status: 'ACTIVE', events: ['MODEL_VERSION_TAG_SET'], description: 'e' };
    const changed = await call('PATCH', 'update', { id, ...changes });
    expect(changed.body.webhook).toMatchObject({ ...changes, id, model_name: model });
    expect(await call('DELETE', 'delete', { id })).toMatchObject({ status: 200, body: {} });
    expect((await call('DELETE', 'delete', { id })).status).toBe(404);
    expect(await list()).toBeUndefined();
  });

  it('send what every webhook here sends', async () => {
    const id = await idOf({ events: ['MODEL_VERSION_TRANSITIONED_STAGE'] });
    await d.call('POST', 'model-versions/transition-stage', { name: model, version: '2', stage: 'Staging' });
    await actAs(worker, () => d.t.app.get(WebhookDispatcher, { strict: false }).run(id));
    expect(receiver.received.map(({ event }) => [event.type, event.data.after])).toEqual([
      ['imprimatur.model_version.stage_transitioned', { stage: 'Staging' }],
    ]);
  });

  it('are tested, and the answer is that of the receiver', async () => {
    receiver.answer(() => ({ status: 418, body: 'short and stout' }));
    const id = await idOf();
    let isOver = false;
    const answer = call('POST', 'test', { id }).finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await actAs(worker, () => d.t.app.get(WebhookDispatcher, { strict: false }).run(id));
      await setTimeout(100);
    }
    expect(await answer).toMatchObject({ status: 200, body: { status_code: 418, body: 'short and stout' } });
  });

  it('are listed of a model, by events, by pages, or all that the caller manages', async () => {
    const [one, two] = [await idOf(), await idOf({ events: ['TRANSITION_REQUEST_CREATED'] })];
    const whole = await idOf({ model_name: undefined, events: ['REGISTERED_MODEL_CREATED'] }, admin);
    const ids = (webhooks: { id: string }[] | undefined) => webhooks?.map(({ id }) => id);
    expect(ids(await list())).toEqual([one, two]);
    expect(ids(await list({ events: 'TRANSITION_REQUEST_CREATED' }))).toEqual([two]);
    expect(ids(await list({}, admin))).toEqual([whole]);
    expect((await list({}, admin))[0].model_name).toBeUndefined();
    const first = (await call('GET', 'list', { max_results: 1 })).body;
    const rest = (await call('GET', 'list', { page_token: first.next_page_token })).body;
    expect([...(ids(first.webhooks) ?? []), ...(ids(rest.webhooks) ?? [])]).toEqual([one, two]);
  });

  it('are for those who manage the model, or the metastore', async () => {
    const id = await idOf();
    for (const [who, status] of [
      [d.reader, 403],
      [d.stranger, 404],
    ] as const) {
      expect((await create({}, who)).status).toBe(status);
      expect((await call('GET', 'list', { model_name: model }, who)).status).toBe(status);
      expect((await call('PATCH', 'update', { id, status: 'DISABLED' }, who)).status).toBe(status);
      expect((await call('POST', 'test', { id }, who)).status).toBe(status);
      expect((await call('DELETE', 'delete', { id }, who)).status).toBe(status);
      expect(await list({}, who)).toBeUndefined();
    }
    expect((await create({ model_name: undefined })).status).toBe(403);
    expect((await create({ model_name: 'prod.fraud.absent' })).status).toBe(404);
  });

  it.each([
    [{ http_url_spec: undefined }, "Missing value for required parameter 'http_url_spec'"],
    [{ job_spec: { job_id: '1', access_token: 't' } }, 'runs jobs of Databricks'],
    [{ http_url_spec: { url: 'https://a.example', authorization: 'Bearer x' } }, 'knows this service by its signature'],
    [
      { http_url_spec: { url: 'https://a.example', enable_ssl_verification: false } },
      'certificates are always verified',
    ],
    [{ http_url_spec: { url: 'https://a.example', secret: 's' } }, 'webhookSecretRotate'],
    [{ http_url_spec: { url: 'ftp://a.example' } }, 'url: "ftp://a.example"'],
    [{ events: [] }, 'name at least one event'],
    [{ events: ['MODEL_DELETED'] }, 'must be one of COMMENT_CREATED'],
    [{ events: ['MODEL_VERSION_TRANSITIONED_TO_STAGING'] }, 'take MODEL_VERSION_TRANSITIONED_STAGE'],
    [{ events: ['TRANSITION_REQUEST_TO_PRODUCTION_CREATED'] }, 'take TRANSITION_REQUEST_CREATED'],
    [{ events: ['REGISTERED_MODEL_CREATED'] }, 'leave model_name out'],
    [{ status: 'TEST_MODE' }, 'is no state here'],
    [{ status: 'OFF' }, 'must be one of ACTIVE, DISABLED'],
  ])('refuse %j', async (params, message) => {
    const { status, body } = await create(params);
    expect([status, body.error_code, body.message]).toEqual([
      400,
      'INVALID_PARAMETER_VALUE',
      expect.stringContaining(message),
    ]);
  });
});
