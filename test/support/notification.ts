import { EmailAddresses } from '@app/identity';
import { NotificationDelivery, NotificationModule, Notifications, notificationDue } from '@app/notification';
import type { OutboxEvent } from '@app/platform';
import { discussionCommentMade, gateWaiverProposed, promotionRequestMoved } from '@app/promotion';
import sql from 'sql-template-tag';
import type { TestPrincipal } from './factories.js';
import { TestMailServer } from './mail-server.js';
import { createPromotionTest, type PromotionTest, worker } from './promotion.js';

export interface StoredNotification {
  id: string;
  kind: string;
  channel: string;
  who: string | null;
  state: string;
  detail: string | null;
  attempts: number;
}

/** The people of the main story, with a mail server and their addresses. */
export interface NotificationTest extends PromotionTest {
  mail: TestMailServer;
  /** name@example.com */
  addressOf(who: TestPrincipal): string;
  /** Gives them addresses. */
  reachable(...people: TestPrincipal[]): Promise<void>;
  /** Handles what the outbox has for notifications, as the worker would, until there is nothing left. */
  tell(): Promise<void>;
  /** Handles it up to the deliveries, which are left as they are. */
  plan(): Promise<void>;
  /** Those that were written down, the oldest first. */
  notifications(): Promise<StoredNotification[]>;
}

export async function createNotificationTest(settings: Record<string, string> = {}): Promise<NotificationTest> {
  const mail = await TestMailServer.start();
  const t = await createPromotionTest(
    {
      SMTP_URL: mail.url,
      MAIL_FROM: 'Model registry <models@example.com>',
      PUBLIC_URL: 'https://models.example.com',
      ...settings,
    },
    [NotificationModule],
  );
  const notifications = t.module.get(Notifications);
  const delivery = t.module.get(NotificationDelivery);
  const to = <Payload>(event: OutboxEvent<Payload>, handle: (payload: Payload) => Promise<void>) =>
    [event.name, (payload: unknown) => handle(event.payload.parse(payload))] as const;
  const planning = new Map([
    to(promotionRequestMoved, (moved) => notifications.requestMoved(moved)),
    to(gateWaiverProposed, (proposed) => notifications.waiverProposed(proposed)),
    to(discussionCommentMade, (made) => notifications.commentMade(made)),
  ]);
  const all = new Map([...planning, to(notificationDue, ({ notificationId }) => delivery.deliver(notificationId))]);

  async function handle(handlers: typeof all): Promise<void> {
    for (;;) {
      const messages = await t.db.query<{ id: number; event: string; payload: unknown }>(sql`
        SELECT id, event, payload FROM outbox WHERE handled_at IS NULL AND event = ANY(${[...handlers.keys()]}::text[])
        ORDER BY id`);
      if (messages.length === 0) return;
      for (const { id, event, payload } of messages) {
        await t.as(worker, async () => handlers.get(event)?.(payload));
        await t.db.execute(sql`UPDATE outbox SET handled_at = now() WHERE id = ${id}::int8`);
      }
    }
  }

  const addressOf = ({ name }: TestPrincipal) => `${name}@example.com`;
  return {
    ...t,
    mail,
    addressOf,
    reachable: async (...people) => {
      for (const who of people) await t.as(who, () => t.module.get(EmailAddresses).setOwn(addressOf(who)));
    },
    tell: () => handle(all),
    plan: () => handle(planning),
    notifications: () =>
      t.db.query<StoredNotification>(sql`
        SELECT n.id, n.kind, n.channel, p.name AS who, n.state, n.detail, n.attempts
        FROM notifications n LEFT JOIN principals p ON p.id = n.principal_id ORDER BY n.created_at, n.id`),
    close: async () => {
      await t.close();
      await mail.close();
    },
  };
}
