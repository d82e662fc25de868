import sql from 'sql-template-tag';
import { isBelieved } from '../../../test/support/webhook-receiver.js';
import { createWebhookTest, type TestHook, type WebhookTest } from '../../../test/support/webhooks.js';
import { WebhookDeliveries } from './webhook-deliveries.service.js';
import { Webhooks } from './webhooks.service.js';

describe('Webhooks', () => {
  let t: WebhookTest;
  let webhooks: Webhooks;
  let deliveries: WebhookDeliveries;
  beforeAll(async () => {
    t = await createWebhookTest();
    webhooks = t.module.get(Webhooks);
    deliveries = t.module.get(WebhookDeliveries);
  });
  beforeEach(() => t.receiver.received.splice(0));
  afterEach(() => t.db.execute(sql`DELETE FROM webhooks`));
  afterAll(() => t.close());

  const settings = { name: 'board', url: 'https://hooks.example/x', eventTypes: ['*'], description: null };
  const create = (changes: object = {}) =>
    t.as(t.manager, () => webhooks.create({ on: t.model, ...settings, ...changes }));
  const update = (hook: TestHook, changes: object) => t.as(t.manager, () => webhooks.update(hook.webhook.id, changes));
  const actions = async (hook: TestHook) =>
    (
      await t.db.query<{ action: string }>(
        sql`SELECT action FROM audit_events WHERE object_id = ${hook.webhook.id} ORDER BY occurred_at, id`,
      )
    ).map(({ action }) => action);

  it('are unique by name on a securable, in any case, and keep their secret sealed', async () => {
    const { webhook, secret } = await create({ eventTypes: ['policy.*', '*', '*'] });
    expect(webhook).toMatchObject({
      name: 'board',
      eventTypes: ['*', 'policy.*'],
      status: 'ACTIVE',
      ownerId: t.manager.id,
    });
    await expect(create({ name: 'BOARD' })).rejects.toThrow('already exists');
    await create({ on: t.schema });
    const rows = await t.db.query(
      sql`SELECT w.*, a.after FROM webhooks w, audit_events a WHERE a.action = 'webhook.created'`,
    );
    expect(JSON.stringify(rows)).not.toContain(secret.slice(6));
  });

  it.each([
    [{ name: ' x' }, 'name: " x" must have'],
    [{ url: 'ftp://x' }, 'url: "ftp://x" must be'],
    [{ url: 'https://u:p@x.example' }, 'url:'],
    [{ eventTypes: [] }, 'eventTypes: name at least one'],
    [{ eventTypes: ['*', 'session.begun'] }, 'eventTypes.1: "session.begun" is not'],
    [{ description: 'a\u0000b' }, 'description:'],
  ])('refuse %j, and name what is wrong', async (changes, message) => {
    await expect(create(changes)).rejects.toThrow(message);
    const hook = await create();
    await expect(update(hook, changes)).rejects.toThrow(message);
  });

  it('are at most 20 on one securable, and none on an experiment', async () => {
    const experiment = await t.make.securable('EXPERIMENT', 'trials', t.manager);
    await expect(create({ on: experiment })).rejects.toThrow('experiments have no webhooks');
    const made = await Promise.allSettled(Array.from({ length: 23 }, (_, n) => create({ name: `w${n}` })));
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
    expect(String(made.find((each) => each.status === 'rejected')?.reason)).toContain('20 webhooks already');
  });

  it('keep their names apart when two are renamed at the same time', async () => {
    const made = [await create({ name: 'one' }), await create({ name: 'two' })];
    const renamed = await Promise.allSettled(made.map((hook) => update(hook, { name: 'same' })));
    expect(renamed.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(renamed.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { kind: 'ALREADY_EXISTS' } });
  });

  it('change their owner with each change, and record nothing when there is none', async () => {
    const hook = await create();
    const delegate = await t.make.user();
    await t.make.grant(delegate, t.catalog, 'MANAGE', 'USE_CATALOG', 'USE_SCHEMA');
    await t.as(delegate, () => webhooks.update(hook.webhook.id, { name: 'board' }));
    expect((await t.again(hook)).ownerId).toBe(t.manager.id);
    await t.as(delegate, () => webhooks.update(hook.webhook.id, { url: 'https://other.example/' }));
    expect((await t.again(hook)).ownerId).toBe(delegate.id);
    await t.as(delegate, () => webhooks.delete(hook.webhook.id));
    await expect(t.again(hook)).rejects.toThrow('does not exist');
    expect(await actions(hook)).toEqual(['webhook.created', 'webhook.updated', 'webhook.deleted']);
  });

  it('are disabled and enabled by hand, and send what happens in between to nobody', async () => {
    const hook = await t.hook(t.model);
    expect(await update(hook, { enabled: false })).toMatchObject({
      status: 'DISABLED',
      disabledReason: 'disabled by manager',
    });
    await t.happens('registered_model.updated', t.model);
    await expect(t.as(t.manager, () => deliveries.test(hook.webhook.id))).rejects.toThrow('is disabled');
    expect(await update(hook, { enabled: true })).toMatchObject({ status: 'ACTIVE', disabledAt: null });
    await t.happens('registered_model.updated', t.model);
    expect(await t.log(hook)).toHaveLength(1);
  });

  it('tell nothing, and change nothing, for who may not manage what they are on', async () => {
    const hook = await t.hook(t.model);
    const [stranger, reader] = [await t.make.user(), await t.make.user()];
    await t.make.grant(reader, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE', 'READ_AUDIT');
    const { id } = hook.webhook;
    const { id: delivery } = await t.as(t.manager, () => deliveries.test(id));
    const tries: (() => Promise<unknown>)[] = [
      () => webhooks.create({ on: t.model, ...settings }),
      () => webhooks.get(id),
      () => webhooks.update(id, { url: 'https://thief.example/' }),
      () => webhooks.delete(id),
      () => webhooks.rotateSecret(id),
      () => deliveries.test(id),
      () => deliveries.get(delivery),
      () => deliveries.replay(delivery),
      () => deliveries.replayFailed(id, new Date(0)),
    ];
    const before = await t.db.query(sql`SELECT * FROM webhooks`);
    for (const attempt of tries) {
      await expect(t.as(stranger, attempt)).rejects.toMatchObject({ kind: 'NOT_FOUND' });
      await expect(t.as(reader, attempt)).rejects.toMatchObject({ kind: 'PERMISSION_DENIED' });
    }
    expect(await t.db.query(sql`SELECT * FROM webhooks`)).toEqual(before);
  });

  it('send a test at once and once, whatever they are told of otherwise', async () => {
    t.receiver.answer(() => ({ status: 500 }));
    const hook = await t.hook(t.model, ['policy.*']);
    await t.db.execute(sql`UPDATE webhooks SET paused_until = now() + interval '1 hour'`);
    await t.as(t.manager, () => deliveries.test(hook.webhook.id));
    await t.send(hook);
    t.receiver.answer(() => ({ status: 204 }));
    expect(t.receiver.received[0]?.event).toMatchObject({
      type: 'imprimatur.webhook.tested',
      subject: `${hook.webhook.name} on prod.fraud.scorer`,
    });
    expect(await t.log(hook)).toMatchObject([{ status: 'GIVEN_UP', attempts: 1, statusCode: 500 }]);
  });

  it('sign with both secrets after a rotation, until the first one’s time is over', async () => {
    const hook = await t.hook(t.model);
    const rotate = (hours?: number) => t.as(t.manager, () => webhooks.rotateSecret(hook.webhook.id, hours));
    const believedBy = async (...secrets: string[]) => {
      await t.as(t.manager, () => deliveries.test(hook.webhook.id));
      await t.send(hook);
      const request = t.receiver.received.at(-1);
      return secrets.map((secret) => request !== undefined && isBelieved(request, secret));
    };
    const second = await rotate();
    expect(second.webhook.previousSecretUntil).toBeInstanceOf(Date);
    expect(await believedBy(hook.secret, second.secret)).toEqual([true, true]);
    await t.db.execute(sql`UPDATE webhooks SET previous_secret_until = now() - interval '1 second'`);
    expect(await believedBy(hook.secret, second.secret)).toEqual([false, true]);
    const third = await rotate(0);
    expect(third.webhook.previousSecretUntil).toBeNull();
    expect(await believedBy(second.secret, third.secret)).toEqual([false, true]);
    await expect(rotate(1000)).rejects.toThrow('graceHours: 1000');
    await expect(rotate(0.5)).rejects.toThrow('graceHours: 0.5');
    expect(await actions(hook)).toEqual(expect.arrayContaining(['webhook.secret_rotated', 'webhook.tested']));
  });

  it('replay what failed since then, oldest first, and each under its id', async () => {
    const hook = await t.hook(t.model);
    t.receiver.answer(() => ({ status: 503 }));
    for (const _ of [1, 2, 3]) await t.happens('registered_model.updated', t.model);
    await t.send(hook);
    await t.db.execute(sql`UPDATE webhook_deliveries SET status = 'GIVEN_UP', ended_at = now()`);
    const [oldest] = await t.log(hook);
    await t.db.execute(
      sql`UPDATE webhook_deliveries SET created_at = now() - interval '2 days' WHERE id = ${oldest?.id}::uuid`,
    );
    t.receiver.answer(() => ({ status: 204 }));
    const since = new Date(Date.now() - 24 * 3600 * 1000);
    const replay = () => t.as(t.manager, () => deliveries.replayFailed(hook.webhook.id, since));
    expect(await replay()).toBe(2);
    await t.send(hook);
    expect(await replay()).toBe(0);
    expect((await t.log(hook)).map(({ status, attempts }) => [status, attempts])).toEqual([
      ['GIVEN_UP', 1],
      ['DELIVERED', 2],
      ['DELIVERED', 2],
    ]);
  });
});
