import { type Securable, SecurableRepository } from '@app/access';
import { AuditLog } from '@app/audit';
import { checkedGraceHours, newSigningSecret, SecretBox } from '@app/outbound';
import { AlreadyExists, type Caller, FailedPrecondition, NotFound, Outbox, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { ManagedWebhooks, type WebhookPlace } from './managed-webhooks.js';
import { WebhookNotFound } from './webhook.errors.js';
import { webhookDue } from './webhook.events.js';
import {
  audited,
  auditedWebhook,
  checkedSettings,
  secretContext,
  type Webhook,
  type WebhookSettings,
} from './webhook.js';
import { WebhookRepository } from './webhook.repository.js';

/** Each one costs something with every change below: of one securable, so many. */
const mostOnOne = 20;
const defaultGraceHours = 24;

/** Absent: stays as it is. */
export interface WebhookUpdate extends Partial<WebhookSettings> {
  enabled?: boolean;
}

/** The webhook with its new secret, which is in this answer and nowhere else. */
export interface WebhookWithSecret {
  webhook: Webhook;
  secret: string;
}

/** Webhooks are made and changed by holders of MANAGE on what they hang on. */
@Injectable()
export class Webhooks {
  constructor(
    private readonly audit: AuditLog,
    private readonly box: SecretBox,
    private readonly managed: ManagedWebhooks,
    private readonly outbox: Outbox,
    private readonly securables: SecurableRepository,
    private readonly transaction: Transaction,
    private readonly webhooks: WebhookRepository,
  ) {}

  /** @throws NotFound when it is absent or hidden; PermissionDenied */
  async get(id: string): Promise<Webhook> {
    return (await this.managed.byId(id)).webhook;
  }

  /**
   * Makes a webhook. What happens from now on is sent, by the caller's rights.
   * @throws NotFound, PermissionDenied, InvalidArgument; AlreadyExists; FailedPrecondition when there are too many there
   */
  async create({ on, ...settings }: WebhookSettings & { on: WebhookPlace }): Promise<WebhookWithSecret> {
    const { caller, object } = await this.managed.place(on);
    const checked = checkedSettings(settings);
    const secret = newSigningSecret();
    return this.transaction.run(async () => {
      const securable = await this.locked(object);
      if ((await this.webhooks.countOn(securable.id)) >= mostOnOne) {
        throw new FailedPrecondition('TOO_MANY_WEBHOOKS', `"${securable.fullName}" has ${mostOnOne} webhooks already`);
      }
      const webhook = await this.webhooks.insert({
        ...checked,
        securableId: securable.id,
        ownerId: caller.id,
        sealedSecret: (id) => this.box.seal(secret, secretContext(id)),
      });
      if (!webhook) throw new AlreadyExists('Webhook', `${checked.name} on ${securable.fullName}`);
      await this.audit.record({
        action: 'webhook.created',
        object: auditedWebhook(webhook, securable),
        after: audited(webhook),
      });
      return { webhook, secret };
    });
  }

  /**
   * Changes a webhook, and makes the caller its owner: what is sent from now on, also of what waits, is sent by his rights.
   * Without any change, nothing happens.
   * @throws NotFound, PermissionDenied, InvalidArgument, AlreadyExists
   */
  async update(id: string, { enabled, ...changes }: WebhookUpdate): Promise<Webhook> {
    const { caller, securable } = await this.managed.byId(id);
    return this.transaction.run(async () => {
      // Names are given under the lock of the securable.
      await this.locked(securable);
      const before = await this.lock(id);
      const settings = checkedSettings({ ...before, ...changes });
      if (await this.webhooks.isNameTaken(before, settings.name)) {
        throw new AlreadyExists('Webhook', `${settings.name} on ${securable.fullName}`);
      }
      const disabledReason = reasonAfter(before, enabled, caller);
      const isSame = (Object.keys(settings) as (keyof WebhookSettings)[]).every(
        (key) => String(settings[key]) === String(before[key]),
      );
      if (isSame && disabledReason === before.disabledReason) return before;
      const after = await this.webhooks.update(id, { ...settings, ownerId: caller.id, disabledReason });
      await this.audit.record({
        action: 'webhook.updated',
        object: auditedWebhook(after, securable),
        before: { ...audited(before), ownerId: before.ownerId },
        after: { ...audited(after), ownerId: after.ownerId },
      });
      if (after.status === 'ACTIVE') await this.outbox.add(webhookDue, { webhookId: id });
      return after;
    });
  }

  /** Ends a webhook, with all that waits and with its log. @throws NotFound, PermissionDenied */
  async delete(id: string): Promise<Webhook> {
    const { securable } = await this.managed.byId(id);
    return this.transaction.run(async () => {
      const webhook = await this.lock(id);
      await this.webhooks.delete(id);
      const object = auditedWebhook(webhook, securable);
      await this.audit.record({ action: 'webhook.deleted', object, before: audited(webhook) });
      return webhook;
    });
  }

  /**
   * Gives a webhook another secret. The one before signs beside it for a while, so that no receiver has to change at once; one
   * before that ends.
   * @param graceHours 24 when absent; 0: the one before ends at once
   * @throws NotFound, PermissionDenied, InvalidArgument
   */
  async rotateSecret(id: string, graceHours = defaultGraceHours): Promise<WebhookWithSecret> {
    const { securable } = await this.managed.byId(id);
    const hours = checkedGraceHours(graceHours);
    const secret = newSigningSecret();
    return this.transaction.run(async () => {
      const webhook = await this.webhooks.rotate(id, this.box.seal(secret, secretContext(id)), hours);
      if (!webhook) throw new WebhookNotFound(id);
      await this.audit.record({
        action: 'webhook.secret_rotated',
        object: auditedWebhook(webhook, securable),
        after: { graceHours: hours },
      });
      return { webhook, secret };
    });
  }

  private async locked({ id, kind, fullName }: Securable): Promise<Securable> {
    const securable = await this.securables.lock(id);
    if (!securable) throw new NotFound(kind, fullName);
    return securable;
  }

  private async lock(id: string): Promise<Webhook> {
    const webhook = await this.webhooks.lock(id);
    if (!webhook) throw new WebhookNotFound(id);
    return webhook;
  }
}

/** Why it is disabled after a change, if it is. */
function reasonAfter({ disabledReason }: Webhook, enabled: boolean | undefined, caller: Caller): string | null {
  if (enabled === undefined) return disabledReason;
  return enabled ? null : (disabledReason ?? `disabled by ${caller.name}`);
}
