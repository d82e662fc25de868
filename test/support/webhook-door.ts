import { METASTORE_ID } from '@app/access';
import { actAs } from '@app/platform';
import { WebhookDispatcher } from '@app/webhook';
import type { Answer } from './app.js';
import type { TestPrincipal } from './factories.js';
import { worker } from './promotion.js';
import { createRegistryDoor, type RegistryDoor } from './registry-door.js';
import { startReceiver, type WebhookReceiver } from './webhook-receiver.js';

/** MLflow's webhooks behind their door, with a real receiver. */
export interface WebhookDoor extends RegistryDoor {
  receiver: WebhookReceiver;
  /** Manages the metastore, and may read its audit trail. */
  admin: TestPrincipal;
  /** By the admin unless somebody else is named: of versions that are created, unless told otherwise. */
  make(body?: object, who?: TestPrincipal): Promise<Answer>;
  made(body?: object): Promise<string>;
  /** Sends what is due, as the worker would. */
  send(webhookId: string): Promise<void>;
}

export const createdEvent = (entity: string) => ({ entity, action: 'CREATED' });

export async function createWebhookDoor(): Promise<WebhookDoor> {
  const d = await createRegistryDoor({ OUTBOUND_ALLOW: '127.0.0.0/8' });
  const receiver = await startReceiver();
  const admin = await d.t.make.user('admin');
  await d.t.make.grant(admin, { id: METASTORE_ID }, 'MANAGE', 'READ_AUDIT');
  const make = (body: object = {}, who = admin) => {
    const settings = { name: 'ci', url: receiver.url, events: [createdEvent('MODEL_VERSION')] };
    return d.post('webhooks', { ...settings, ...body }, who);
  };
  return {
    ...d,
    receiver,
    admin,
    make,
    made: async (body) => (await make(body)).body.webhook.webhook_id,
    send: (webhookId) => actAs(worker, () => d.t.app.get(WebhookDispatcher).run(webhookId)),
    close: async () => {
      await receiver.close();
      await d.close();
    },
  };
}
