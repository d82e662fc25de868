import { loadConfig } from '@app/platform';
import { type PromotionRequest, PromotionRequests } from '@app/promotion';
import sql from 'sql-template-tag';
import { createNotificationTest, type NotificationTest } from '../../../test/support/notification.js';
import { TestServers } from '../../../test/support/outbound.js';
import { createPromotionTest, worker } from '../../../test/support/promotion.js';
import { EmailNotifier } from './email.notifier.js';
import { NotificationModule } from './notification.module.js';
import { NotificationDelivery } from './notification-delivery.service.js';
import { NotificationPreferencesService } from './notification-preferences.service.js';
import { Notifications } from './notifications.service.js';

describe('the delivery of notifications', () => {
  const servers = new TestServers();
  const posted: { text: string }[] = [];
  let channelAnswers = 200;
  let t: NotificationTest;
  let request: PromotionRequest;

  beforeAll(async () => {
    const port = await servers.answering(async (incoming, response) => {
      posted.push(JSON.parse((await incoming.toArray()).join('')));
      response.writeHead(channelAnswers).end('ok');
    });
    const SLACK_WEBHOOK_URL = `http://127.0.0.1:${port}/services/secret`;
    t = await createNotificationTest({ SLACK_WEBHOOK_URL, OUTBOUND_ALLOW: '127.0.0.0/8', LOG_LEVEL: 'silent' });
    await t.policy(t.catalog, {});
    await t.reachable(t.leads[0]);
  });
  afterAll(async () => {
    await t.close();
    await servers.close();
  });
  beforeEach(async () => {
    channelAnswers = 200;
    t.mail.refuseWith = undefined;
    await t.tell();
    await t.db.execute(sql`DELETE FROM notifications`);
    t.mail.mails.length = 0;
    posted.length = 0;
    request = await t.runGates(await t.request(await t.trained(await t.model())));
    expect(request.state).toBe('AWAITING_APPROVAL');
  });

  const of = async (channel: string) => {
    const found = (await t.notifications()).filter((one) => one.channel === channel);
    expect(found).toHaveLength(1);
    return found[0] as (typeof found)[number];
  };
  const deliver = (id: string) => t.as(worker, () => t.module.get(NotificationDelivery).deliver(id));
  /** As when the pause is over. */
  const nextAttempt = async () => {
    await t.db.execute(
      sql`UPDATE notifications SET next_attempt_at = now() - interval '1 minute' WHERE state = 'PENDING'`,
    );
    await t.as(worker, () => t.module.get(Notifications).requeueDue());
    await t.tell();
  };

  it('tells the channel a number and where to look, and nothing that a right is needed for', async () => {
    await t.tell();
    expect(posted).toEqual([
      {
        text: `Promotion request ${request.number} awaits approval: promotionRequest(number: ${request.number}) at https://models.example.com/graphql`,
      },
    ]);
    expect(await of('SLACK')).toMatchObject({ state: 'SENT', who: null });
    await t.as(t.scientist, () => t.module.get(PromotionRequests).cancel({ number: request.number }));
    await t.tell();
    expect(posted).toHaveLength(1);
  });

  it('leaves the channel alone when nobody is concerned any more', async () => {
    await t.plan();
    await t.as(t.scientist, () => t.module.get(PromotionRequests).cancel({ number: request.number }));
    await t.tell();
    expect(posted).toEqual([]);
    expect(await of('SLACK')).toMatchObject({ state: 'DROPPED', detail: 'it concerns nobody any more' });
  });

  it.each([
    [503, 'PENDING'],
    [429, 'PENDING'],
    [404, 'FAILED'],
    [302, 'FAILED'],
  ])('takes %i of the channel for %s', async (status, state) => {
    channelAnswers = status;
    await t.tell();
    expect(await of('SLACK')).toMatchObject({ state, detail: `the channel answered ${status}`, attempts: 1 });
  });

  it('tries again after a pause while the mail server takes nothing, and sends it once', async () => {
    t.mail.refuseWith = 451;
    await t.tell();
    expect(await of('EMAIL')).toMatchObject({ state: 'PENDING', detail: 'the mail server answered 451', attempts: 1 });
    const { id } = await of('EMAIL');
    await deliver(id);
    await t.as(worker, () => t.module.get(Notifications).requeueDue());
    await t.tell();
    expect(await of('EMAIL')).toMatchObject({ attempts: 1 });

    t.mail.refuseWith = undefined;
    await nextAttempt();
    expect(await of('EMAIL')).toMatchObject({ state: 'SENT', detail: null, attempts: 2 });
    await nextAttempt();
    expect(t.mail.recipients).toEqual([t.addressOf(t.leads[0])]);
  });

  it('waits longer after each attempt, not as long for everybody, and an hour or two at most', async () => {
    t.mail.refuseWith = 451;
    await t.tell();
    const pause = () =>
      t.db.first<{ seconds: number }>(sql`
        SELECT extract(epoch FROM next_attempt_at - now())::float8 AS seconds FROM notifications WHERE channel = 'EMAIL'`);
    const { id } = await of('EMAIL');
    for (const attempts of [0, 3, 5, 30]) {
      await t.db.execute(sql`UPDATE notifications SET attempts = ${attempts}::int4, next_attempt_at = now() - interval '1 minute'
        WHERE id = ${id}::uuid`);
      await deliver(id);
      const least = Math.min(3600, 60 * 2 ** attempts);
      // The attempt itself takes some of it, on a slow machine more.
      expect((await pause())?.seconds).toBeGreaterThan(least / 2);
      expect((await pause())?.seconds).toBeLessThanOrEqual(2 * least);
    }
  });

  it('gives up after a day, and at once where nobody lives', async () => {
    t.mail.refuseWith = 451;
    await t.tell();
    await t.db.execute(sql`UPDATE notifications SET created_at = now() - interval '25 hours' WHERE channel = 'EMAIL'`);
    await nextAttempt();
    expect(await of('EMAIL')).toMatchObject({ state: 'FAILED', detail: 'the mail server answered 451', attempts: 2 });

    t.mail.refuseWith = 550;
    await t.db.execute(sql`DELETE FROM notifications`);
    await t.runGates(await t.request(await t.trained(await t.model())));
    await t.tell();
    expect(await of('EMAIL')).toMatchObject({ state: 'FAILED', detail: 'the mail server answered 550', attempts: 1 });
  });

  it('is made once by several workers at once, and again when one dies in the middle', async () => {
    await t.plan();
    const { id } = await of('EMAIL');
    await Promise.all(Array.from({ length: 8 }, () => deliver(id)));
    expect(t.mail.mails).toHaveLength(1);
    // It died after the mail server had taken it, and before that was written down.
    await t.db.execute(sql`UPDATE notifications SET state = 'PENDING', closed_at = NULL WHERE id = ${id}::uuid`);
    await nextAttempt();
    expect(t.mail.mails.map(({ headers }) => headers['message-id'])).toEqual(
      Array(2).fill(`<${id}@models.example.com>`),
    );
  });

  it('finds those again whose message was lost, and forgets old ones', async () => {
    await t.plan();
    await t.db.execute(sql`DELETE FROM outbox WHERE event = 'notification.due'`);
    await t.as(worker, () => t.module.get(Notifications).requeueDue());
    await t.as(worker, () => t.module.get(Notifications).requeueDue());
    const queued = await t.db.query(sql`SELECT 1 FROM outbox WHERE event = 'notification.due' AND handled_at IS NULL`);
    expect(queued).toHaveLength(2);
    await t.tell();
    expect(t.mail.mails).toHaveLength(1);
    await t.db.execute(sql`UPDATE notifications SET closed_at = now() - interval '91 days' WHERE channel = 'EMAIL'`);
    expect(await t.as(worker, () => t.module.get(Notifications).purge())).toBe(1);
  });

  it('heeds what a person switched off, and an address that he took away, until it is sent', async () => {
    const update = (changes: Parameters<NotificationPreferencesService['update']>[0]) =>
      t.as(t.leads[0], () => t.module.get(NotificationPreferencesService).update(changes));
    await t.plan();
    await update({ muted: ['APPROVAL_AWAITED'] });
    await t.tell();
    expect(await of('EMAIL')).toMatchObject({ state: 'DROPPED', detail: 'the user wants no such mail' });
    await t.db.execute(sql`DELETE FROM notifications`);
    await t.runGates(await t.request(await t.trained(await t.model())));
    await t.plan();
    expect((await t.notifications()).map(({ channel }) => channel)).toEqual(['SLACK']);
    await update({ muted: [], email: null });
    await t.db.execute(sql`DELETE FROM notifications`);
    await t.runGates(await t.request(await t.trained(await t.model())));
    await t.tell();
    expect(t.mail.mails).toEqual([]);
    await t.reachable(t.leads[0]);
  });
});

describe('without settings', () => {
  it('nothing is written down', async () => {
    const t = await createPromotionTest({}, [NotificationModule]);
    await t.policy(t.catalog, {});
    const request = await t.runGates(await t.request(await t.trained(await t.model())));
    const { id: promotionRequestId, evidenceDigest } = request;
    const moved = {
      promotionRequestId,
      moveId: promotionRequestId,
      state: 'AWAITING_APPROVAL',
      evidenceDigest,
    } as const;
    await t.as(worker, () => t.module.get(Notifications).requestMoved(moved));
    expect(await t.db.query(sql`SELECT 1 FROM notifications`)).toEqual([]);
    await t.close();
  });

  it('a mail server without MAIL_FROM is refused at the start', () => {
    const config = loadConfig({ DATABASE_URL: 'postgresql://u@h/d', SMTP_URL: 'smtp://127.0.0.1:1' });
    expect(() => new EmailNotifier(config).onModuleInit()).toThrow(
      'MAIL_FROM (not set): must be a mailbox, since SMTP_URL is set',
    );
  });
});
