import { type Securable, SecurableRepository } from '@app/access';
import { AuditLog } from '@app/audit';
import { checkedGraceHours, newSigningSecret, SecretBox } from '@app/outbound';
import { AlreadyExists, type Caller, FailedPrecondition, NotFound, Outbox, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import type { WebhookFormat } from './event-type.js';
import { ManagedWebhooks, type WebhookPlace } from './managed-webhooks.js';
import { WebhookNotFound } from './webhook.errors.js';
import { webhookDue } from './webhook.events.js';
import {
  audited,
  auditedWebhook,
  checkedSecret,
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
  /** Of the format MLFLOW, where whoever makes a webhook brings the secret: it signs from now on, and it alone. */
  secret?: string;
}

export interface WebhookInput extends WebhookSettings {
  on: WebhookPlace;
  /** CLOUD_EVENTS when absent. */
  format?: WebhookFormat;
  enabled?: boolean;
  /** Of the format MLFLOW; null: nothing is signed; absent: one is made. */
  secret?: string | null;
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
  create(input: WebhookInput & { secret?: string }): Promise<WebhookWithSecret>;
  create(input: WebhookInput): Promise<{ webhook: Webhook; secret: string | null }>;
  async create({
    on,
    format = 'CLOUD_EVENTS',
    enabled,
    secret: given,
    ...settings
  }: WebhookInput): Promise<{ webhook: Webhook; secret: string | null }> {
    const { caller, object } = await this.managed.place(on);
    const checked = checkedSettings(settings, format);
    const secret = secretOf(format, given);
    return this.transaction.run(async () => {
      const securable = await this.locked(object);
      if ((await this.webhooks.countOn(securable.id)) >= mostOnOne) {
        throw new FailedPrecondition('TOO_MANY_WEBHOOKS', `"${securable.fullName}" has ${mostOnOne} webhooks already`);
      }
      const webhook = await this.webhooks.insert({
        ...checked,
        format,
        securableId: securable.id,
        ownerId: caller.id,
        disabledReason: enabled === false ? `disabled by ${caller.name}` : null,
        sealedSecret: (id) => (secret === null ? null : this.box.seal(secret, secretContext(id))),
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
  async update(id: string, { enabled, secret, ...changes }: WebhookUpdate): Promise<Webhook> {
    const { caller, securable } = await this.managed.byId(id);
    const sealed = secret === undefined ? undefined : this.box.seal(checkedSecret(secret), secretContext(id));
    return this.transaction.run(async () => {
      // Names are given under the lock of the securable.
      await this.locked(securable);
      const before = await this.lock(id);
      const settings = checkedSettings({ ...before, ...changes }, before.format);
      if (await this.webhooks.isNameTaken(before, settings.name)) {
        throw new AlreadyExists('Webhook', `${settings.name} on ${securable.fullName}`);
      }
      const disabledReason = reasonAfter(before, enabled, caller);
      const isSame = (Object.keys(settings) as (keyof WebhookSettings)[]).every(
        (key) => String(settings[key]) === String(before[key]),
      );
      if (sealed !== undefined) await this.putSecret(before, securable, { sealed, graceHours: 0 });
      else if (isSame && disabledReason === before.disabledReason) return before;
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
      const before = await this.lock(id);
      // MLflow's form has room for one signature.
      const grace = before.format === 'MLFLOW' ? 0 : hours;
      const sealed = this.box.seal(secret, secretContext(id));
      return { webhook: await this.putSecret(before, securable, { sealed, graceHours: grace }), secret };
    });
  }

  private async putSecret(
    { id }: Webhook,
    securable: Securable,
    { sealed, graceHours }: { sealed: string; graceHours: number },
  ): Promise<Webhook> {
    const webhook = await this.webhooks.rotate(id, sealed, graceHours);
    if (!webhook) throw new WebhookNotFound(id);
    const object = auditedWebhook(webhook, securable);
    await this.audit.record({ action: 'webhook.secret_rotated', object, after: { graceHours } });
    return webhook;
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

/** The secret of a new webhook: one is made, but where a form lets somebody bring his own, or none. */
function secretOf(format: WebhookFormat, given: string | null | undefined): string | null {
  if (format === 'CLOUD_EVENTS' || given === undefined) return newSigningSecret();
  return given === null ? null : checkedSecret(given);
}

/** Why it is disabled after a change, if it is. */
function reasonAfter({ disabledReason }: Webhook, enabled: boolean | undefined, caller: Caller): string | null {
  if (enabled === undefined) return disabledReason;
  return enabled ? null : (disabledReason ?? `disabled by ${caller.name}`);
}
