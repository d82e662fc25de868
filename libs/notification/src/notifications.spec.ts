import { METASTORE_ID, type Securable } from '@app/access';
import {
  BreakGlass,
  Discussions,
  GateWaivers,
  PromotionProgress,
  type PromotionRequest,
  PromotionRequestReader,
  PromotionRequests,
} from '@app/promotion';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../test/support/factories.js';
import { createNotificationTest, type NotificationTest } from '../../../test/support/notification.js';
import { champion, worker } from '../../../test/support/promotion.js';
import { Notifications } from './notifications.service.js';

const auc = { key: 'auc', type: 'METRIC_THRESHOLD', config: { metric: 'auc', min: 0.8 } };

describe('notifications', () => {
  let t: NotificationTest;
  let model: Securable;
  let others: TestPrincipal[];

  beforeAll(async () => {
    t = await createNotificationTest();
    await t.policy(t.catalog, { gates: [auc] });
    const [outsider, unnamed, waiver, second, onCall] = await Promise.all(
      ['outsider', 'unnamed', 'waiver', 'second', 'on-call'].map((name) => t.make.user(name)),
    );
    others = [outsider, unnamed, waiver, second, onCall] as TestPrincipal[];
    for (const who of others.slice(1)) await t.make.grant(who, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
    // May approve, and no rule names him; is named, and may not approve: nobody is asked in vain.
    await t.make.grant(unnamed as TestPrincipal, t.catalog, 'APPROVE_PROMOTION');
    for (const who of [waiver, second] as TestPrincipal[]) await t.make.grant(who, t.catalog, 'WAIVE_GATE');
    await t.make.grant(onCall as TestPrincipal, t.catalog, 'BREAK_GLASS', 'APPROVE_PROMOTION');
    await t.reachable(t.scientist, t.governor, ...t.leads, ...others);
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    model = await t.model();
    await t.tell();
    await t.db.execute(sql`DELETE FROM notifications`);
    t.mail.mails.length = 0;
  });

  const addresses = (people: readonly TestPrincipal[]) => people.map(t.addressOf).sort();
  const opened = async (metrics: Record<string, number> = { auc: 0.9 }) =>
    t.runGates(await t.request(await t.trained(model, metrics)));
  const rerun = async ({ number }: PromotionRequest) =>
    t.runGates(await t.as(t.scientist, () => t.module.get(PromotionRequests).rerunGates({ number })));
  const cancel = ({ number }: PromotionRequest) =>
    t.as(t.scientist, () => t.module.get(PromotionRequests).cancel({ number }));
  const states = async () => (await t.notifications()).map(({ who, state }) => [who, state]);
  const [, , waiver, second, onCall] = [0, 1, 2, 3, 4].map((index) => () => others[index] as TestPrincipal) as [
    () => TestPrincipal,
    () => TestPrincipal,
    () => TestPrincipal,
    () => TestPrincipal,
    () => TestPrincipal,
  ];

  it('tell exactly those in whose inbox a request is that awaits approval', async () => {
    const request = await opened();
    expect(request.state).toBe('AWAITING_APPROVAL');
    await t.tell();
    const everybody = [t.scientist, t.governor, ...t.leads, ...others];
    const inboxes = await Promise.all(
      everybody.map((who) =>
        t.as(who, () =>
          t.module.get(PromotionRequestReader).count({ awaitingViewer: true, modelFullName: model.fullName }),
        ),
      ),
    );
    expect(t.mail.recipients).toEqual(addresses(everybody.filter((_, index) => inboxes[index] === 1)));
    expect(t.mail.recipients).toEqual(addresses(t.leads));

    const [mail] = t.mail.mails;
    expect(mail?.headers).toMatchObject({
      from: 'Model registry <models@example.com>',
      'auto-submitted': 'auto-generated',
      subject: `Promotion request ${request.number} awaits your decision: ${model.fullName}/1 as alias "champion"`,
    });
    expect(mail?.body).toContain('scientist asks for it:\r\n> it is better');
    expect(mail?.body).toContain(`promotionRequest(number: ${request.number})`);
  });

  it('tell each person once of the same evidence, and again of other evidence', async () => {
    const request = await opened();
    await t.tell();
    const again = { promotionRequestId: request.id, moveId: request.id, state: 'AWAITING_APPROVAL' as const };
    const { evidenceDigest } = request;
    await t.as(worker, async () => {
      const notifications = t.module.get(Notifications);
      await Promise.all([1, 2, 3].map(() => notifications.requestMoved({ ...again, evidenceDigest })));
    });
    await t.tell();
    expect(t.mail.recipients).toEqual(addresses(t.leads));

    await t.decide(t.leads[0], request, 'REQUEST_CHANGES', 'why this one?');
    await t.tell();
    await t.as(t.scientist, () => t.module.get(PromotionRequests).resubmit({ number: request.number, comment: 'so' }));
    await t.tell();
    expect(t.mail.recipients).toEqual(addresses([...t.leads, t.scientist]));

    const blocked = await opened({ auc: 0.1 });
    expect(blocked.state).toBe('BLOCKED');
    await t.db.execute(sql`UPDATE latest_metrics SET value = 0.95 WHERE key = 'auc'`);
    const other = await rerun(blocked);
    expect(other.state).toBe('AWAITING_APPROVAL');
    await t.tell();
    // That it was blocked is no news by now.
    expect(t.mail.recipients).toEqual(addresses([...t.leads, ...t.leads, t.scientist]));
  });

  it('tell nobody whose decision counts no more when it is sent', async () => {
    const request = await opened();
    await t.plan();
    await t.decide(t.leads[0], request);
    await t.db.execute(sql`UPDATE principals SET disabled_at = now() WHERE id = ${t.leads[1].id}::uuid`);
    await t.db.execute(sql`UPDATE access_version SET version = version + 1`);
    await t.tell();
    await t.db.execute(sql`UPDATE principals SET disabled_at = NULL WHERE id = ${t.leads[1].id}::uuid`);
    await t.db.execute(sql`UPDATE access_version SET version = version + 1`);
    expect(t.mail.recipients).toEqual(addresses([t.leads[2]]));
    expect((await t.notifications()).map(({ who, detail }) => [who, detail]).sort()).toEqual(
      [
        [t.leads[0].name, 'it does not concern the user any more'],
        [t.leads[1].name, 'the user is disabled'],
        [t.leads[2].name, null],
      ].sort(),
    );
  });

  it('tell nobody of a request that is closed, or of which he lost his rights, before it is sent', async () => {
    const request = await opened();
    await t.plan();
    await cancel(request);
    await t.tell();
    expect((await states()).every(([, state]) => state === 'DROPPED')).toBe(true);

    const hidden = await t.runGates(await t.request(await t.trained(model, { auc: 0.9 })));
    await t.plan();
    const grants = sql`UPDATE grants SET securable_id = ${METASTORE_ID}::uuid WHERE principal_id = ${t.leadGroup.id}::uuid AND privilege = 'USE_CATALOG'`;
    await t.db.execute(grants);
    await t.db.execute(sql`UPDATE access_version SET version = version + 1`);
    await t.tell();
    await t.db.execute(
      sql`UPDATE grants SET securable_id = ${t.catalog.id}::uuid WHERE principal_id = ${t.leadGroup.id}::uuid AND privilege = 'USE_CATALOG'`,
    );
    await t.db.execute(sql`UPDATE access_version SET version = version + 1`);
    expect(hidden.state).toBe('AWAITING_APPROVAL');
    expect(t.mail.mails).toEqual([]);
  });

  it('tell the requester how it ends, and of each time that changes are asked for', async () => {
    const request = await opened();
    await t.tell();
    await t.decide(t.leads[0], request, 'REQUEST_CHANGES', 'too early');
    await t.tell();
    t.mail.mails.length = 0;
    await t.as(t.scientist, () => t.module.get(PromotionRequests).resubmit({ number: request.number, comment: 'no' }));
    await t.decide(t.leads[1], request, 'REQUEST_CHANGES', 'too <b>early</b>');
    await t.tell();
    expect(t.mail.mails).toHaveLength(1);
    expect(t.mail.mails[0]).toMatchObject({ to: [t.addressOf(t.scientist)] });
    expect(t.mail.mails[0]?.body).toContain('too &#60;b&#62;early&#60;/b&#62;');
    await t.decide(t.leads[2], request, 'REJECT', 'never');
    await t.tell();
    expect(t.mail.mails[1]?.headers.subject).toContain(`${request.number} was rejected`);
  });

  it('tell the requester of what was applied, superseded, blocked and expired, and of nothing that he did himself', async () => {
    const [first, rival] = [await opened(), await opened()];
    await t.decide(t.leads[0], first);
    await t.decide(t.leads[1], first);
    await t.as(worker, () => t.module.get(PromotionProgress).apply(first.id));
    await opened({ auc: 0.1 });
    const late = await opened();
    await t.db.execute(
      sql`UPDATE promotion_requests SET expires_at = now() - interval '1 hour' WHERE id = ${late.id}::uuid`,
    );
    await t.as(worker, () => t.module.get(PromotionProgress).bringOn({ id: late.id, work: 'CLOSE' }));
    await cancel(await opened());
    t.mail.mails.length = 0;
    await t.tell();
    const subjects = t.mail.mails.map(({ headers }) => headers.subject?.replace(/: .*/, ''));
    expect(subjects).toHaveLength(4);
    expect(subjects).toEqual(
      expect.arrayContaining([
        `Promotion request ${first.number} was applied`,
        `Promotion request ${rival.number} was superseded`,
        `Promotion request ${late.number} has expired`,
        expect.stringContaining('is blocked'),
      ]),
    );
    expect(t.mail.recipients).toEqual(addresses([t.scientist, t.scientist, t.scientist, t.scientist]));
  });

  it('tell those who may confirm a waiver, and not who proposed it', async () => {
    const blocked = await opened({ auc: 0.1 });
    await t.tell();
    t.mail.mails.length = 0;
    const propose = () =>
      t.as(waiver(), () =>
        t.module.get(GateWaivers).propose({ number: blocked.number, gate: 'prod/auc', reason: 'the holdout is stale' }),
      );
    const { id } = await propose();
    await t.tell();
    expect(t.mail.recipients).toEqual(addresses([second()]));
    expect(t.mail.mails[0]?.body).toContain('waiver proposes to waive a gate:\r\n> the holdout is stale');

    await t.as(waiver(), () => t.module.get(GateWaivers).decline({ id, comment: 'not now' }));
    await propose();
    await t.plan();
    await t.db.execute(
      sql`UPDATE gate_waivers SET state = 'DECLINED', decided_by = proposed_by, decided_at = now() WHERE state = 'PROPOSED'`,
    );
    await t.tell();
    expect(t.mail.mails).toHaveLength(1);
  });

  it('tell those who may review a promotion past the policy, and not who made it', async () => {
    const version = await t.trained(model, { auc: 0.1 });
    await t.as(onCall(), () =>
      t.module
        .get(BreakGlass)
        .promote({ model: model.fullName, version: version.number, target: champion, justification: 'fire' }),
    );
    await t.tell();
    expect(t.mail.recipients).toEqual(addresses([...t.leads, others[1] as TestPrincipal]));
    expect(t.mail.mails[0]?.headers.subject).toContain('went past the policy, and awaits a review');
  });

  it('tell the requester, and who has spoken in the thread, what somebody else says', async () => {
    const request = await opened();
    await t.tell();
    t.mail.mails.length = 0;
    const discussions = t.module.get(Discussions);
    const thread = await t.as(t.leads[0], () =>
      discussions.open({ number: request.number, text: 'Why?', blocking: false }),
    );
    await t.tell();
    expect(t.mail.recipients).toEqual(addresses([t.scientist]));
    await t.as(t.scientist, () => discussions.comment({ threadId: thread.id, text: 'So.\r\nBcc: evil@example.com' }));
    await t.tell();
    expect(t.mail.mails[1]).toMatchObject({ to: [t.addressOf(t.leads[0])] });
    expect(t.mail.mails[1]?.headers).not.toHaveProperty('bcc');
    expect(t.mail.mails[1]?.body).toContain('> So.\r\n> Bcc: evil@example.com');
  });
});
