import sql from 'sql-template-tag';
import { eventually, startWorker, type TestProcess } from '../../../test/support/processes.js';
import { createWebhookTest, type WebhookTest } from '../../../test/support/webhooks.js';

/** Generous: the machine may be busy with other tests. */
const patience = 60_000;

describe('the worker and webhooks', () => {
  let t: WebhookTest;
  let worker: TestProcess | undefined;
  let env: Record<string, string>;
  beforeEach(async () => {
    t = await createWebhookTest({
      RECONCILE_SECONDS: '0.5',
      WEBHOOK_CONCURRENCY: '2',
      WEBHOOK_TIMEOUT_SECONDS: '5',
      LOG_LEVEL: 'error',
    });
    env = t.env;
  }, patience);
  afterEach(async () => {
    await worker?.stop('SIGKILL');
    await t.close();
  });

  it('delivers what a killed worker was about to, under the same id, and once more is enough', async () => {
    t.receiver.answer(() => null);
    const hook = await t.hook(t.model);
    worker = await startWorker(env);
    await t.happens('registered_model.updated', t.model);
    await eventually(async () => t.receiver.received.length === 1, Boolean, patience);
    await worker.stop('SIGKILL');
    expect(await t.log(hook)).toMatchObject([{ status: 'PENDING', attempts: 0 }]);
    t.receiver.answer(() => ({ status: 204 }));
    // Its lease is over.
    await t.db.execute(sql`UPDATE webhooks SET lease_until = now() - interval '1 second'`);
    worker = await startWorker(env);
    const log = await eventually(
      () => t.log(hook),
      ([delivery]) => delivery?.status === 'DELIVERED',
      patience,
    );
    expect(log).toMatchObject([{ attempts: 1, statusCode: 204 }]);
    const ids = t.receiver.received.map(({ headers }) => headers['webhook-id']);
    expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
  }, 180_000);

  it('tries again by itself, and is not held up by receivers that are dead', async () => {
    const dead = [1, 2, 3].map((n) => t.hook(t.model, undefined, `${t.receiver.url}/dead/${n}`));
    await Promise.all(dead);
    const hook = await t.hook(t.model);
    const failedOnce = new Set<string>();
    t.receiver.answer(({ path, headers }) => {
      if (path.includes('dead')) return null;
      const id = headers['webhook-id'] as string;
      const isFirst = !failedOnce.has(id);
      failedOnce.add(id);
      return { status: isFirst && failedOnce.size === 1 ? 500 : 204 };
    });
    worker = await startWorker(env);
    for (let n = 0; n < 10; n++) await t.happens('registered_model.updated', t.model);
    const log = await eventually(
      () => t.log(hook),
      (deliveries) => deliveries.length === 10 && deliveries.every(({ status }) => status === 'DELIVERED'),
      120_000,
    );
    expect(log.map(({ attempts }) => attempts).sort()).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 2]);
    for (const one of dead) expect((await t.log(await one)).filter(({ status }) => status !== 'PENDING')).toEqual([]);
  }, 240_000);
});
