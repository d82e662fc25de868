import type { Question } from '@app/access';
import { InvalidArgument } from '@app/platform';
import { isMlflowEventType, mlflowEventTypes } from './mlflow-event-type.js';

/** What is told of an event, and to whom. */
export interface EventTypeRule {
  /** Any of these, on what the event happened to, shows it; and READ_AUDIT shows every event. */
  shownBy: readonly Question[];
  /** The parts of the event's before and after that are sent; of the rest the receiver may ask with rights of his own. */
  tells?: readonly string[];
}

const seen: readonly Question[] = ['DISCOVER'];
const read: readonly Question[] = ['EXECUTE'];
const managed: readonly Question[] = ['MANAGE'];
/** Those who see a promotion request. */
const request: readonly Question[] = ['EXECUTE', 'REQUEST_PROMOTION', 'APPROVE_PROMOTION', 'REPORT_GATE', 'READ_AUDIT'];

const inRequest: EventTypeRule = { shownBy: request };
const movedTo: EventTypeRule = { shownBy: request, tells: ['state', 'supersededBy'] };
const decided: EventTypeRule = { shownBy: request, tells: ['verdict'] };
const waiver: EventTypeRule = { shownBy: request, tells: ['gate', 'status'] };
const thread: EventTypeRule = { shownBy: request, tells: ['blocking'] };
const onSecurable: EventTypeRule = { shownBy: seen };
const renamed: EventTypeRule = { shownBy: seen, tells: ['fullName'] };
const tagged: EventTypeRule = { shownBy: seen, tells: ['key', 'value'] };
const onVersion: EventTypeRule = { shownBy: read, tells: ['status', 'artifactDigest'] };
const alias: EventTypeRule = { shownBy: read, tells: ['alias', 'version'] };
const endpoint: EventTypeRule = { shownBy: read, tells: ['name', 'version', 'environment'] };
const granted: EventTypeRule = { shownBy: managed, tells: ['principal', 'privilege', 'expiresAt'] };
const configured: EventTypeRule = { shownBy: managed };

/**
 * The events that webhooks are told of, by their actions in the audit trail: a closed list. The table webhook_event_types
 * has the same words, for the trigger that makes deliveries: a new one needs a migration, and a row in docs/webhooks.md.
 */
export const eventTypeRules: Record<string, EventTypeRule> = {
  'metastore.owner_changed': onSecurable,
  'metastore.updated': onSecurable,
  'catalog.created': onSecurable,
  'catalog.deleted': onSecurable,
  'catalog.owner_changed': onSecurable,
  'catalog.renamed': renamed,
  'catalog.tag_deleted': tagged,
  'catalog.tag_set': tagged,
  'catalog.updated': onSecurable,
  'schema.created': onSecurable,
  'schema.deleted': onSecurable,
  'schema.owner_changed': onSecurable,
  'schema.renamed': renamed,
  'schema.tag_deleted': tagged,
  'schema.tag_set': tagged,
  'schema.updated': onSecurable,
  'registered_model.created': onSecurable,
  'registered_model.deleted': onSecurable,
  'registered_model.owner_changed': onSecurable,
  'registered_model.renamed': renamed,
  'registered_model.tag_deleted': tagged,
  'registered_model.tag_set': tagged,
  'registered_model.updated': onSecurable,
  'model_version.completed': onVersion,
  'model_version.deleted': onVersion,
  'model_version.failed': onVersion,
  'model_version.registered': onVersion,
  'model_version.stage_transitioned': { shownBy: read, tells: ['stage'] },
  'model_version.tag_deleted': { ...tagged, shownBy: read },
  'model_version.tag_set': { ...tagged, shownBy: read },
  'model_version.updated': { shownBy: read },
  'model_alias.deleted': alias,
  'model_alias.set': alias,
  'model_endpoint.moved': endpoint,
  'model_endpoint.reported': endpoint,
  'model_endpoint.retired': endpoint,
  'promotion_request.created': inRequest,
  'promotion_request.validating': movedTo,
  'promotion_request.blocked': movedTo,
  'promotion_request.awaiting_approval': movedTo,
  'promotion_request.changes_requested': movedTo,
  'promotion_request.approved': movedTo,
  'promotion_request.applied': movedTo,
  'promotion_request.rejected': movedTo,
  'promotion_request.cancelled': movedTo,
  'promotion_request.expired': movedTo,
  'promotion_request.superseded': movedTo,
  'promotion_request.decided': decided,
  'promotion_request.decision_withdrawn': decided,
  'promotion_request.glass_broken': { shownBy: request, tells: ['reviewDueAt'] },
  'break_glass_review.closed': { shownBy: request, tells: ['outcome'] },
  'gate_run.finished': { shownBy: request, tells: ['status'] },
  'gate_waiver.confirmed': waiver,
  'gate_waiver.declined': waiver,
  'gate_waiver.proposed': waiver,
  'discussion_comment.made': inRequest,
  'discussion_thread.opened': thread,
  'discussion_thread.reopened': thread,
  'discussion_thread.resolved': thread,
  'policy.created': onSecurable,
  'policy.retired': onSecurable,
  'policy.revised': onSecurable,
  'grant.changed': granted,
  'grant.created': granted,
  'grant.revoked': granted,
  'webhook.created': configured,
  'webhook.deleted': configured,
  'webhook.disabled': configured,
  'webhook.updated': configured,
};

/** Sent when it is asked for, to the webhook that is tested; nobody subscribes to it. */
export const testEventType = 'webhook.tested';

const nouns = new Set(Object.keys(eventTypeRules).map((type) => type.split('.')[0]));

export const webhookFormats = ['CLOUD_EVENTS', 'MLFLOW'] as const;
/** In which form, and by which words, a webhook tells of events. MLFLOW: as MLflow's server does (mlflow-form.ts). */
export type WebhookFormat = (typeof webhookFormats)[number];

/**
 * Whether a webhook can be told of it: a type, `noun.*` for all of a noun, `*` for all there are, now and later; one of
 * MLflow's format is told of MLflow's types.
 */
export function isSubscription(text: string, format: WebhookFormat = 'CLOUD_EVENTS'): boolean {
  if (format === 'MLFLOW') return isMlflowEventType(text);
  if (text === '*' || Object.hasOwn(eventTypeRules, text)) return true;
  return text.endsWith('.*') && nouns.has(text.slice(0, -2));
}

/** @throws InvalidArgument for what is no event of MLFLOW */
export function requireMlflowType(text: string, path: string[]): void {
  if (isMlflowEventType(text)) return;
  const known = `these are: ${mlflowEventTypes.join(', ')}`;
  throw new InvalidArgument(
    `${path.join('.')}: "${text}" is not an event that webhooks of MLflow are told of here; ${known}`,
    path,
  );
}

/** The rule of a type; of one that is not on the list any more, none. */
export const ruleOfEventType = (type: string): EventTypeRule | undefined =>
  type === testEventType ? configured : Object.hasOwn(eventTypeRules, type) ? eventTypeRules[type] : undefined;
