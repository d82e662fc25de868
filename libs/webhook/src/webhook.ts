import type { Securable } from '@app/access';
import type { AuditObject } from '@app/audit';
import { checkOutboundUrl } from '@app/outbound';
import { InvalidArgument } from '@app/platform';
import { isSubscription, requireMlflowType, type WebhookFormat } from './event-type.js';

export const webhookStatuses = ['ACTIVE', 'DISABLED'] as const;
export type WebhookStatus = (typeof webhookStatuses)[number];

/** Where events of a securable, and of all that is in it, are sent. */
export interface Webhook {
  id: string;
  securableId: string;
  name: string;
  url: string;
  /** Given when it is made, and kept. */
  format: WebhookFormat;
  /** Types, `noun.*`, or `*`; of the format MLFLOW its types. */
  eventTypes: string[];
  description: string | null;
  /** By whose rights events are sent: whoever changed it last. */
  ownerId: string;
  status: WebhookStatus;
  disabledReason: string | null;
  disabledAt: Date | null;
  /** Until then the secret before signs too; null when there is none, or its time is over. */
  previousSecretUntil: Date | null;
  failingSince: Date | null;
  createdAt: Date;
  createdBy: string | null;
  updatedAt: Date;
}

/** What a webhook is asked to be. */
export interface WebhookSettings {
  name: string;
  url: string;
  eventTypes: readonly string[];
  description: string | null;
}

const longestDescription = 5000;

/**
 * The settings of a webhook, checked.
 * @throws InvalidArgument naming the field, its value and what would be right
 */
export function checkedSettings(
  { name, url, eventTypes, description }: WebhookSettings,
  format: WebhookFormat,
): WebhookSettings {
  return {
    name: checkedName(name),
    url: checkedUrl(url),
    eventTypes: checkedEventTypes(eventTypes, format),
    description: checkedDescription(description),
  };
}

/** What uniqueness compares. */
export const webhookNameKey = (name: string): string => name.normalize('NFC').toLowerCase();

/** What a sealed secret belongs to: in another row it is of no use. */
export const secretContext = (webhookId: string): string => `webhook:${webhookId}`;

export const auditedWebhook = (
  { id, name }: Pick<Webhook, 'id' | 'name'>,
  securable: Pick<Securable, 'id' | 'catalogId' | 'schemaId' | 'fullName'>,
): AuditObject => ({ kind: 'WEBHOOK', id, name: `${name} on ${securable.fullName}`, within: securable });

/** What the audit trail keeps of the settings. Of the URL the origin: its path may be a secret of the receiver. */
export const audited = ({
  name,
  url,
  format,
  eventTypes,
  description,
  status,
}: WebhookSettings & Pick<Webhook, 'status' | 'format'>) => ({
  name,
  format,
  origin: new URL(url).origin,
  eventTypes,
  description,
  status,
});

function checkedName(text: string): string {
  const name = text.normalize('NFC');
  if (name.length >= 1 && name.length <= 255 && !/[\p{Cc}\p{Cs}]/u.test(name) && name.trim() === name) return name;
  const rule = 'must have 1 to 255 characters, no control character, no space at either end';
  throw new InvalidArgument(`name: "${text}" ${rule}`, ['name']);
}

function checkedUrl(url: string): string {
  const wrong = checkOutboundUrl(url);
  if (wrong) throw new InvalidArgument(`url: "${url}" ${wrong}`, ['url']);
  return url;
}

const longestSecret = 1000;

/** A secret that somebody typed in, as MLflow's clients let him. @throws InvalidArgument */
export function checkedSecret(secret: string): string {
  if (secret.length >= 1 && secret.length <= longestSecret && !secret.includes('\u0000')) return secret;
  throw new InvalidArgument(`secret: must have 1 to ${longestSecret} characters, and no NUL`, ['secret']);
}

function checkedEventTypes(eventTypes: readonly string[], format: WebhookFormat): string[] {
  if (eventTypes.length === 0) {
    throw new InvalidArgument('eventTypes: name at least one, or "*" for all', ['eventTypes']);
  }
  const wrong = eventTypes.findIndex((type) => !isSubscription(type, format));
  if (wrong < 0) return [...new Set(eventTypes)].sort();
  if (format === 'MLFLOW') requireMlflowType(eventTypes[wrong] as string, ['eventTypes', String(wrong)]);
  throw new InvalidArgument(
    `eventTypes.${wrong}: "${eventTypes[wrong]}" is not a type of event, such as promotion_request.applied, nor promotion_request.* or * (docs/webhooks.md)`,
    ['eventTypes', String(wrong)],
  );
}

function checkedDescription(text: string | null): string | null {
  if (text === null || (text.length <= longestDescription && !text.includes('\u0000'))) return text;
  throw new InvalidArgument(`description: must have at most ${longestDescription} characters, and no NUL`, [
    'description',
  ]);
}
