import { InvalidArgument } from '@app/platform';
import { z } from 'zod';
import { enumeration } from '../wire/parse.js';

/** mlflow/protos/webhooks.proto. */
const entity = enumeration({
  REGISTERED_MODEL: 1,
  MODEL_VERSION: 2,
  MODEL_VERSION_TAG: 3,
  MODEL_VERSION_ALIAS: 4,
  PROMPT: 5,
  PROMPT_VERSION: 6,
  PROMPT_TAG: 7,
  PROMPT_VERSION_TAG: 8,
  PROMPT_ALIAS: 9,
  BUDGET_POLICY: 10,
});
const action = enumeration({ CREATED: 1, UPDATED: 2, DELETED: 3, SET: 4, EXCEEDED: 5 });

/** An event on the wire, `{"entity": "MODEL_VERSION", "action": "CREATED"}`, as our word for it: `model_version.created`. */
export const webhookEvent = z
  .object({ entity, action })
  .transform((event) => `${event.entity.toLowerCase()}.${event.action.toLowerCase()}`);

/** The other way. */
export function toMlflowEvent(type: string): { entity: string; action: string } {
  const [ofWhat = '', what = ''] = type.toUpperCase().split('.');
  return { entity: ofWhat, action: what };
}

export const webhookStatus = enumeration({ ACTIVE: 1, DISABLED: 2 });

/**
 * A name that MLflow's server would take too.
 * @throws InvalidArgument in the words that its clients and tests know
 */
export function requireWebhookName(name: string | undefined): void {
  if (name === undefined || /^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/i.test(name)) return;
  throw new InvalidArgument(
    `Webhook name '${name}' is invalid. It must start and end with a letter or digit, have at most 63 characters, and only letters, digits, dots (.), underscores (_), and hyphens (-).`,
    ['name'],
  );
}

/**
 * A URL that MLflow's server would take too.
 * @throws InvalidArgument in the words that its clients and tests know
 */
export function requireWebhookUrl(url: string | undefined): void {
  if (url === undefined) return;
  if (url.trim() === '') {
    throw new InvalidArgument(`Webhook URL cannot be empty or just whitespace: '${url}'`, ['url']);
  }
  const [, scheme = ''] = /^([a-z][a-z0-9+.-]*):/i.exec(url) ?? [];
  if (!/^https?$/i.test(scheme)) {
    throw new InvalidArgument(`Invalid webhook URL scheme: '${scheme}'. Allowed schemes are: https, http.`, ['url']);
  }
  if (!URL.canParse(url)) throw new InvalidArgument(`Invalid webhook URL '${url}': it must be a URL`, ['url']);
}
