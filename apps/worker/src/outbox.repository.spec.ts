import { Outbox, Transaction } from '@app/platform';
import { promotionRequestApproved } from '@app/promotion';
import sql from 'sql-template-tag';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { OutboxRepository } from './outbox.repository.js';

describe('the outbox, to the worker', () => {
  let t: TestModule;
  let outbox: OutboxRepository;
  beforeAll(async () => {
    t = await createTestModule([]);
    outbox = new OutboxRepository(t.db);
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    await t.db.execute(sql`DELETE FROM outbox`);
    const payload = { promotionRequestId: '01a1fd0c-9db8-70a4-a452-991d0f6b5da5' };
    await t.module.get(Transaction).run(() => t.module.get(Outbox).add(promotionRequestApproved, payload));
  });

  const secondsPass = (seconds: number) =>
    t.db.execute(sql`UPDATE outbox SET shipped_at = shipped_at - ${seconds}::int4 * interval '1 second'`);
  /** Ships it, and sees after how many seconds it is shipped once more. */
  const isShippedAgainAfter = async (seconds: number) => {
    expect(await outbox.take()).toHaveLength(1);
    await secondsPass(seconds - 2);
    const early = await outbox.reshipLost();
    await secondsPass(4);
    return [early, await outbox.reshipLost()];
  };

  it('ships what nobody handles again: soon at first, then less and less often, and never drops it', async () => {
    for (const seconds of [10, 10, 10, 10, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]) {
      expect([seconds, await isShippedAgainAfter(seconds)]).toEqual([seconds, [0, 1]]);
    }
    expect(await outbox.lag()).toMatchObject({ unhandled: 1, stuck: 1 });
    const [message] = await outbox.take();
    await outbox.handled([message?.messageId as number]);
    expect(await outbox.lag()).toMatchObject({ unhandled: 0, stuck: 0 });
  });

  it('counts no shipment that the queue did not take', async () => {
    for (let times = 0; times < 20; times++) {
      const [message] = await outbox.take();
      await outbox.putBack([message?.messageId as number]);
    }
    expect(await isShippedAgainAfter(10)).toEqual([0, 1]);
  });
});
