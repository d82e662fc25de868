import { randomUUID } from 'node:crypto';
import sql from 'sql-template-tag';
import { eventually } from '../../../test/support/processes.js';
import { isBelieved } from '../../../test/support/webhook-receiver.js';
import { createWebhookTest, type TestHook, type WebhookTest } from '../../../test/support/webhooks.js';
import { WebhookDeliveries } from './webhook-deliveries.service.js';
import { WebhookDispatcher } from './webhook-dispatcher.js';

describe('WebhookDispatcher', () => {
  let t: WebhookTest;
  let hook: TestHook;
  beforeAll(async () => {
    t = await createWebhookTest({ WEBHOOK_TIMEOUT_SECONDS: '0.5' });
  });
  beforeEach(async () => {
    t.receiver.received.length = 0;
    t.receiver.answer(() => ({ status: 204 }));
    hook = await t.hook(t.model);
  });
  // Each example has a webhook of its own, and hears of nothing that others do.
  afterEach(() => t.db.execute(sql`DELETE FROM webhooks`));
  afterAll(() => t.close());

  const idsReceived = () => t.receiver.received.map(({ headers }) => headers['webhook-id']);

  it('sends what happened as a signed CloudEvent, thin, once', async () => {
    await t.happens('registered_model.tag_set', t.model, { after: { key: 'tier', value: '1', hidden: 'x' } });
    await t.send(hook);
    await t.send(hook);
    const [request, ...more] = t.receiver.received;
    expect(more).toEqual([]);
    const [{ id, at }] = (await t.db.query<{ id: string; at: Date }>(
      sql`SELECT id, occurred_at AS at FROM audit_events ORDER BY occurred_at DESC, id DESC LIMIT 1`,
    )) as [{ id: string; at: Date }];
    expect(request?.event).toEqual({
      specversion: '1.0',
      id,
      type: 'imprimatur.registered_model.tag_set',
      source: 'https://imprimatur.example',
      subject: 'prod.fraud.scorer',
      time: at.toISOString(),
      datacontenttype: 'application/json',
      data: {
        actor: 'manager',
        object: { kind: 'REGISTERED_MODEL', name: 'prod.fraud.scorer' },
        after: { key: 'tier', value: '1' },
      },
    });
    expect(request?.headers).toMatchObject({
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'webhook-id': id,
    });
    expect(request && isBelieved(request, hook.secret)).toBe(true);
    expect(await t.log(hook)).toMatchObject([{ status: 'DELIVERED', attempts: 1, statusCode: 204, error: null }]);
  });

  it('sends each of many once, whatever their order, with few requests at once', async () => {
    for (let n = 0; n < 30; n++) await t.happens('registered_model.updated', t.model);
    await Promise.all([t.send(hook), t.send(hook), t.send(hook)]);
    expect(new Set(idsReceived()).size).toBe(30);
    expect(idsReceived()).toHaveLength(30);
    expect(t.receiver.mostAtOnce()).toBeLessThanOrEqual(4);
  });

  it('tries again after an error, under the same id and with a new signature, and not before its time', async () => {
    t.receiver.answer(() => ({
      status: t.receiver.received.length < 3 ? 500 : 200,
      body: 'oh\u0000 dear'.repeat(500),
    }));
    await t.happens('registered_model.updated', t.model);
    await t.send(hook);
    await t.send(hook);
    expect(t.receiver.received).toHaveLength(1);
    expect(await t.log(hook)).toMatchObject([{ status: 'PENDING', attempts: 1, statusCode: 500 }]);
    expect((await t.log(hook))[0]?.response).toMatch(/^oh dear.{993}$/);
    expect((await t.again(hook)).failingSince).toBeInstanceOf(Date);
    for (const _ of [2, 3]) {
      await t.timePasses();
      await t.send(hook);
    }
    expect(new Set(idsReceived()).size).toBe(1);
    expect(t.receiver.received.every((request) => isBelieved(request, hook.secret))).toBe(true);
    expect(await t.log(hook)).toMatchObject([{ status: 'DELIVERED', attempts: 3, statusCode: 200 }]);
    expect((await t.again(hook)).failingSince).toBeNull();
  });

  it('tries again when there is no answer in time, or nobody at all', async () => {
    t.receiver.answer(() => null);
    const nobody = await t.hook(t.model, undefined, 'http://127.0.0.1:1/');
    await t.happens('registered_model.updated', t.model);
    await Promise.all([t.send(hook), t.send(nobody)]);
    expect(await t.log(hook)).toMatchObject([
      { status: 'PENDING', statusCode: null, error: expect.stringContaining('did not answer within 500 ms') },
    ]);
    expect(await t.log(nobody)).toMatchObject([{ status: 'PENDING', error: expect.stringContaining('reached') }]);
  });

  it('follows no redirect, and calls no address that is not allowed', async () => {
    t.receiver.answer(() => ({ status: 302, headers: { location: t.receiver.url } }));
    const inside = await t.hook(t.model, undefined, 'https://10.1.2.3/');
    await t.happens('registered_model.updated', t.model);
    await Promise.all([t.send(hook), t.send(inside)]);
    expect(t.receiver.received).toHaveLength(1);
    expect(await t.log(hook)).toMatchObject([{ status: 'PENDING', statusCode: 302 }]);
    expect(await t.log(inside)).toMatchObject([{ status: 'GIVEN_UP', attempts: 1, error: expect.any(String) }]);
  });

  it('sends nothing unsigned: with a secret that cannot be read it waits, and says so', async () => {
    const other = await t.hook(t.catalog, ['policy.*']);
    await t.db.execute(sql`UPDATE webhooks w SET secret = o.secret FROM webhooks o
      WHERE w.id = ${hook.webhook.id}::uuid AND o.id = ${other.webhook.id}::uuid`);
    await t.happens('registered_model.updated', t.model);
    await t.send(hook);
    expect(t.receiver.received).toEqual([]);
    expect(await t.log(hook)).toMatchObject([
      { status: 'PENDING', attempts: 1, error: expect.stringContaining('sealed') },
    ]);
  });

  it('gives up after 24 hours, and lets a replay begin anew under the same id', async () => {
    t.receiver.answer(() => ({ status: 503 }));
    await t.happens('registered_model.updated', t.model);
    await t.send(hook);
    await t.db.execute(sql`UPDATE webhook_deliveries SET give_up_at = now() - interval '1 minute'`);
    await t.timePasses();
    await t.send(hook);
    const [given] = await t.log(hook);
    expect(given).toMatchObject({ status: 'GIVEN_UP', attempts: 2, statusCode: 503 });
    t.receiver.answer(() => ({ status: 200 }));
    await t.as(t.manager, () => t.module.get(WebhookDeliveries).replay(given?.id as string));
    await t.send(hook);
    expect(await t.log(hook)).toMatchObject([{ status: 'DELIVERED', attempts: 3 }]);
    expect(new Set(idsReceived()).size).toBe(1);
  });

  it('leaves a receiver alone for as long as it asks', async () => {
    t.receiver.answer(() => ({ status: 429, headers: { 'retry-after': '120' } }));
    await t.happens('registered_model.updated', t.model);
    await t.send(hook);
    const row = await t.db.first<{ rests: number; waits: number }>(sql`
      SELECT extract(epoch FROM w.paused_until - now())::int4 AS rests, extract(epoch FROM d.due_at - now())::int4 AS waits
      FROM webhooks w JOIN webhook_deliveries d ON d.webhook_id = w.id`);
    expect(row?.rests).toBeGreaterThan(60);
    expect(row?.waits).toBeGreaterThan(60);
  });

  it('disables a webhook whose receiver is gone, on the record, and keeps what waits', async () => {
    for (const _ of [1, 2, 3, 4, 5, 6]) await t.happens('registered_model.updated', t.model);
    t.receiver.answer(() => ({ status: 410 }));
    await t.send(hook);
    expect(t.receiver.received.length).toBeLessThanOrEqual(4);
    expect(await t.again(hook)).toMatchObject({
      status: 'DISABLED',
      disabledReason: 'the receiver answered 410 Gone',
      disabledAt: expect.any(Date),
    });
    await t.happens('registered_model.updated', t.model);
    expect(await t.log(hook)).toHaveLength(6);
    const recorded = await t.db.query(
      sql`SELECT actor_name AS actor FROM audit_events WHERE action = 'webhook.disabled' AND object_id = ${hook.webhook.id}`,
    );
    expect(recorded).toEqual([{ actor: 'imprimatur-gates' }]);
  });

  it('disables what has failed for days without a pause', async () => {
    t.receiver.answer(() => ({ status: 500 }));
    await t.happens('registered_model.updated', t.model);
    await t.send(hook);
    await t.timePasses();
    await t.db.execute(
      sql`UPDATE webhooks SET failing_since = now() - interval '6 days', paused_until = now() - interval '2 days'`,
    );
    await t.as(t.manager, () => t.module.get(WebhookDeliveries).test(hook.webhook.id));
    await t.send(hook);
    expect((await t.again(hook)).status).toBe('ACTIVE');
    await t.db.execute(sql`UPDATE webhooks SET failing_since = now() - interval '6 days'`);
    await t.timePasses();
    await t.send(hook);
    expect((await t.again(hook)).disabledReason).toContain('5 days');
  });

  it('brings on what a run has left behind when it died, under the same id, and what fell due', async () => {
    await t.happens('registered_model.updated', t.model);
    const dead = randomUUID();
    await t.db.execute(
      sql`UPDATE webhooks SET lease_holder = ${dead}::uuid, lease_until = now() + interval '1 minute'`,
    );
    await t.db.execute(sql`UPDATE outbox SET handled_at = now()`);
    await t.send(hook);
    await t.module.get(WebhookDispatcher).requeueDue();
    const waiting = sql`SELECT payload ->> 'webhookId' AS id FROM outbox WHERE event = 'webhook.due' AND handled_at IS NULL`;
    expect([t.receiver.received.length, await t.db.query(waiting)]).toEqual([0, []]);
    await t.db.execute(sql`UPDATE webhooks SET lease_until = now() - interval '1 second'`);
    for (const _ of [1, 2]) await t.module.get(WebhookDispatcher).requeueDue();
    expect(await t.db.query(waiting)).toEqual([{ id: hook.webhook.id }]);
    await t.send(hook);
    expect(await t.log(hook)).toMatchObject([{ status: 'DELIVERED', attempts: 1 }]);
  });

  it('takes what falls due while it is at work', async () => {
    let first = true;
    t.receiver.answer(() => {
      if (first) void t.happens('registered_model.updated', t.model);
      first = false;
      return { status: 204 };
    });
    await t.happens('registered_model.updated', t.model);
    await t.send(hook);
    await eventually(
      () => t.log(hook),
      ({ length }) => length === 2,
    );
    await t.send(hook);
    expect(t.receiver.received).toHaveLength(2);
  });

  it('gives up what waits for a disabled webhook, forgets what is old, and what nobody waits for', async () => {
    for (const _ of [1, 2, 3]) await t.happens('registered_model.updated', t.model);
    const [one, two] = await t.log(hook);
    await t.db.execute(
      sql`UPDATE webhook_deliveries SET status = 'DELIVERED', ended_at = now() - interval '31 days' WHERE id = ${one?.id}::uuid`,
    );
    await t.db.execute(
      sql`UPDATE webhook_deliveries SET give_up_at = now() - interval '2 hours' WHERE id = ${two?.id}::uuid`,
    );
    await t.module.get(WebhookDispatcher).tidyUp();
    expect((await t.log(hook)).map(({ status }) => status)).toEqual(['PENDING', 'PENDING']);
    await t.db.execute(sql`UPDATE webhooks SET failing_since = now() - interval '1 day'`);
    await t.module.get(WebhookDispatcher).tidyUp();
    expect((await t.log(hook)).map(({ status }) => status).sort()).toEqual(['GIVEN_UP', 'PENDING']);
    await t.db.execute(sql`DELETE FROM webhooks`);
    await t.module.get(WebhookDispatcher).tidyUp();
    expect((await t.log(hook)).map(({ status }) => status)).toEqual(['GIVEN_UP']);
  });
});
