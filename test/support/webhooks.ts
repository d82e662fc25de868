import { type Securable, SecurableRepository, securableKinds } from '@app/access';
import { AuditLog, type AuditObject } from '@app/audit';
import { type Webhook, WebhookDispatcher, WebhookModule, Webhooks } from '@app/webhook';
import type { Type } from '@nestjs/common';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from './factories.js';
import { createTestModule, type TestModule } from './module.js';
import { worker } from './promotion.js';
import { startReceiver, type WebhookReceiver } from './webhook-receiver.js';

export interface TestHook {
  webhook: Webhook;
  secret: string;
}

export interface LoggedDelivery {
  id: string;
  eventType: string;
  status: string;
  attempts: number;
  statusCode: number | null;
  response: string | null;
  error: string | null;
}

/** The webhooks on a real database, with a real receiver: `prod.fraud.scorer`, and another catalog. */
export interface WebhookTest extends TestModule {
  make: Factories;
  receiver: WebhookReceiver;
  /** Owns catalog `prod`, and may see what is in it. */
  manager: TestPrincipal;
  catalog: Securable;
  schema: Securable;
  model: Securable;
  hook(on: Securable, eventTypes?: string[], url?: string, mlflow?: { secret: string | null }): Promise<TestHook>;
  /** Records an event, as a change would. */
  happens(action: string, within: Securable, change?: { after?: object; object?: Partial<AuditObject> }): Promise<void>;
  /** Sends what is due, as the worker would. */
  send(hook: Pick<TestHook, 'webhook'>): Promise<void>;
  /** Whatever waits for its time waits no more. */
  timePasses(): Promise<void>;
  /** The deliveries of a webhook with the newest line of their log, the oldest first. */
  log(hook: Pick<TestHook, 'webhook'>): Promise<LoggedDelivery[]>;
  /** The webhook as it is now, asked as the manager. */
  again(hook: Pick<TestHook, 'webhook'>): Promise<Webhook>;
}

export async function createWebhookTest(
  settings: Record<string, string> = {},
  imports: Type[] = [],
): Promise<WebhookTest> {
  const allowed = { OUTBOUND_ALLOW: '127.0.0.0/8', PUBLIC_URL: 'https://imprimatur.example', LOG_LEVEL: 'silent' };
  const t = await createTestModule([WebhookModule, ...imports], { ...allowed, ...settings });
  const make = new Factories(t.db);
  const receiver = await startReceiver();
  const manager = await make.user('manager');
  const schema = await make.schema('prod.fraud', manager);
  const catalog = (await t.module.get(SecurableRepository).byId(schema.catalogId as string)) as Securable;
  const model = await make.securable('REGISTERED_MODEL', 'prod.fraud.scorer', manager);
  await make.grant(manager, catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
  let made = 0;

  return {
    ...t,
    make,
    receiver,
    manager,
    catalog,
    schema,
    model,
    hook: (on, eventTypes = ['registered_model.*'], url = receiver.url, mlflow) =>
      t.as(manager, async () => {
        const settings = { on, name: `hook ${++made}`, url, eventTypes, description: null };
        const format = mlflow && ({ format: 'MLFLOW', ...mlflow } as const);
        const { webhook, secret } = await t.module.get(Webhooks).create({ ...settings, ...format });
        return { webhook, secret: secret ?? '' };
      }),
    happens: (action, within, { after, object } = {}) => {
      const noun = action.split('.')[0]?.toUpperCase();
      const kind = securableKinds.find((each) => each === noun) ?? 'REGISTERED_MODEL';
      const { id, fullName } = within;
      const audited: AuditObject = { kind, id, name: fullName, within, ...object };
      return t.as(manager, () => t.module.get(AuditLog).record({ action, object: audited, after }));
    },
    send: ({ webhook }) => t.as(worker, () => t.module.get(WebhookDispatcher).run(webhook.id)),
    timePasses: async () => {
      await t.db.execute(
        sql`UPDATE webhook_deliveries SET due_at = now() - interval '1 minute' WHERE status = 'PENDING'`,
      );
      await t.db.execute(
        sql`UPDATE webhooks SET paused_until = now() - interval '1 minute' WHERE paused_until IS NOT NULL`,
      );
    },
    log: ({ webhook }) =>
      t.db.query<LoggedDelivery>(sql`
        SELECT d.id, d.event_type AS "eventType", d.status, d.attempts, a.status_code AS "statusCode", a.response, a.error
        FROM webhook_deliveries d LEFT JOIN webhook_attempts a ON a.delivery_id = d.id AND a.number = d.attempts
        WHERE d.webhook_id = ${webhook.id}::uuid ORDER BY d.created_at, d.event_id`),
    again: ({ webhook }) => t.as(manager, () => t.module.get(Webhooks).get(webhook.id)),
    close: async () => {
      await receiver.close();
      await t.close();
    },
  };
}
