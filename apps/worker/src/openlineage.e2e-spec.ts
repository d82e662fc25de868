import { PromotionRequests } from '@app/promotion';
import { eventually, startWorker, type TestProcess } from '../../../test/support/processes.js';
import { createPromotionTest, type PromotionTest } from '../../../test/support/promotion.js';
import { startReceiver, type WebhookReceiver } from '../../../test/support/webhook-receiver.js';

describe('the worker and events of OpenLineage', () => {
  let t: PromotionTest;
  let receiver: WebhookReceiver;
  let worker: TestProcess | undefined;
  beforeAll(async () => {
    t = await createPromotionTest();
    receiver = await startReceiver();
    await t.policy(t.catalog);
  });
  afterAll(async () => {
    await worker?.stop('SIGKILL');
    await t.close();
    await receiver.close();
  });

  it('sends those of a closed request, and sends them again after an outage', async () => {
    let outages = 2;
    receiver.answer(() => ({ status: outages-- > 0 ? 503 : 201 }));
    const request = await t.request(await t.trained(await t.model()));
    await t.as(t.scientist, () => t.module.get(PromotionRequests).cancel({ number: request.number }));
    const settings = { OPENLINEAGE_URL: receiver.url, OUTBOUND_ALLOW: '127.0.0.1', LOG_LEVEL: 'fatal' };
    worker = await startWorker({ ...t.env, ...settings });
    const received = await eventually(
      async () => receiver.received,
      (events) => events.length >= 4,
    );
    expect(received.map(({ event }) => [event.eventType, event.run.runId])).toEqual(
      ['START', 'START', 'START', 'ABORT'].map((type) => [type, request.id]),
    );
  }, 240_000);
});
