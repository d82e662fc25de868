import { InvalidArgument } from '@app/platform';
import type { Webhook } from '@app/webhook';
import { z } from 'zod';
import { omitUnset, optional, required } from '../wire/parse.js';

/** The events of the workspace registry, as the types of ours that tell the same. */
const typesOf = {
  COMMENT_CREATED: ['discussion_comment.made', 'discussion_thread.opened'],
  MODEL_VERSION_CREATED: ['model_version.registered'],
  MODEL_VERSION_TAG_SET: ['model_version.tag_set'],
  MODEL_VERSION_TRANSITIONED_STAGE: ['model_version.stage_transitioned'],
  REGISTERED_MODEL_CREATED: ['registered_model.created'],
  TRANSITION_REQUEST_CREATED: ['promotion_request.created'],
} as const;
type RegistryEvent = keyof typeof typesOf;
const known = Object.keys(typesOf) as RegistryEvent[];

/** The same for one stage only: ours are told of all, and say which in what they send. */
const ofOneStage = /^(MODEL_VERSION_TRANSITIONED|TRANSITION_REQUEST)_TO_[A-Z]+(_CREATED)?$/;

export const registryEvent = z.string().transform((text, context) => {
  const event = known.find((each) => each === text);
  if (event) return event;
  const whole = text.startsWith('TRANSITION') ? 'TRANSITION_REQUEST_CREATED' : 'MODEL_VERSION_TRANSITIONED_STAGE';
  context.addIssue(
    ofOneStage.test(text)
      ? `is told of with the others: take ${whole}, which says in what is sent which stage it was`
      : `must be one of ${known.join(', ')}`,
  );
  return z.NEVER;
});

export const registryStatus = z.string().transform((text, context) => {
  if (text === 'ACTIVE' || text === 'DISABLED') return text;
  context.addIssue(
    text === 'TEST_MODE'
      ? 'is no state here: registry-webhooks/test sends a test to an ACTIVE webhook, and to no other'
      : 'must be one of ACTIVE, DISABLED',
  );
  return z.NEVER;
});

/** What a field may only be so that nothing else happens than was asked for. */
const nothingButOff = (is: (value: unknown) => boolean, message: string) =>
  optional(z.unknown().refine((value) => value === undefined || is(value), message));

export const urlSpec = z.object({
  url: required,
  authorization: nothingButOff(
    (value) => value === '',
    'is not sent: a receiver knows this service by its signature (docs/webhooks.md)',
  ),
  enable_ssl_verification: nothingButOff((value) => value === true, 'must be true: certificates are always verified'),
  secret: nothingButOff(
    (value) => value === '',
    'is made by this service: leave it out, and get one with the mutation webhookSecretRotate',
  ),
});

export const noJob = nothingButOff(
  () => false,
  'runs jobs of Databricks, of which there are none here: give http_url_spec',
);
export const url = optional(urlSpec);

export const eventTypesOf = (events: readonly RegistryEvent[]): string[] =>
  events.flatMap((event) => [...typesOf[event]]);

/** A registry tells of its models, and a model does not tell of its own beginning. @throws InvalidArgument */
export function requireTellable(events: readonly RegistryEvent[], model: string | undefined): void {
  if (model === undefined || !events.includes('REGISTERED_MODEL_CREATED')) return;
  throw new InvalidArgument(
    `events: REGISTERED_MODEL_CREATED is told of by a webhook of the whole registry: leave model_name out, or the event`,
    ['events'],
  );
}

const covers = (subscribed: readonly string[], type: string): boolean =>
  subscribed.some((each) => each === '*' || each === type || each === `${type.split('.')[0]}.*`);

/** The words of the workspace registry for what a webhook is told of; what it has no word for is left out. */
export const toRegistryWebhook = (webhook: Webhook, model: string | undefined) =>
  omitUnset({
    id: webhook.id,
    model_name: model,
    events: known.filter((event) => typesOf[event].every((type) => covers(webhook.eventTypes, type))),
    description: webhook.description,
    status: webhook.status,
    http_url_spec: { url: webhook.url, enable_ssl_verification: true },
    creation_timestamp: webhook.createdAt.getTime(),
    last_updated_timestamp: webhook.updatedAt.getTime(),
  });
