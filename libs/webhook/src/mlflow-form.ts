import { createHmac } from 'node:crypto';
import type { MlflowEventType } from './mlflow-event-type.js';
import type { ToldEvent } from './told-event.js';

/** What MLflow tells of an event, before it is put into the form of its type. */
interface Told {
  name: string;
  version?: string;
  alias?: string;
  before: Record<string, unknown>;
  after: Record<string, unknown>;
}

type Data = Record<string, unknown>;

/** The tags that make a prompt of a model, and one that holds its text. */
const promptTags = ['mlflow.prompt.is_prompt', '_mlflow_prompt_type'];
const promptText = 'mlflow.prompt.text';

function tagsOf({ tags }: Told['after'], ...without: string[]): Record<string, unknown> {
  const given = Array.isArray(tags) ? (tags as { key: string; value: string }[]) : [];
  return Object.fromEntries(given.flatMap(({ key, value }) => (without.includes(key) ? [] : [[key, value]])));
}

const tagSet = ({ name, version, after: { key, value } }: Told): Data => ({ name, version, key, value });
const tagDeleted = ({ name, version, before: { key } }: Told): Data => ({ name, version, key });
const aliasSet = ({ name, alias, after }: Told): Data => ({ name, alias, version: String(after.version) });
const aliasDeleted = ({ name, alias }: Told): Data => ({ name, alias });

/** MLflow's `data` of each event (mlflow/webhooks/types.py). */
const dataOf: Record<MlflowEventType, (told: Told) => Data> = {
  'registered_model.created': ({ name, after }) => ({
    name,
    tags: tagsOf(after),
    description: after.description ?? '',
  }),
  'model_version.created': ({ name, version, after }) => ({
    name,
    version,
    source: after.source,
    run_id: after.runId ?? after.namedRunId ?? null,
    tags: tagsOf(after),
    description: after.description || null,
  }),
  'model_version_tag.set': tagSet,
  'model_version_tag.deleted': tagDeleted,
  'model_version_alias.created': aliasSet,
  'model_version_alias.deleted': aliasDeleted,
  'prompt.created': ({ name, after }) => ({
    name,
    tags: tagsOf(after, ...promptTags),
    description: after.description ?? '',
  }),
  'prompt_version.created': ({ name, version, after }) => ({
    name,
    version,
    template: tagsOf(after)[promptText] ?? null,
    tags: tagsOf(after, ...promptTags, promptText),
    description: after.description || null,
  }),
  'prompt_tag.set': tagSet,
  'prompt_tag.deleted': tagDeleted,
  'prompt_version_tag.set': tagSet,
  'prompt_version_tag.deleted': tagDeleted,
  'prompt_alias.created': aliasSet,
  'prompt_alias.deleted': aliasDeleted,
};

const exampleNouns: Record<string, string> = {
  registered_model: 'registered model',
  model_version: 'model version',
  prompt: 'prompt',
  prompt_version: 'prompt version',
};

/** What MLflow's server sends when a webhook is tested. */
function exampleOf(entity: string): Told {
  const isOfPrompt = entity.startsWith('prompt');
  const ofVersion = entity === 'prompt_tag' ? {} : { version: '1' };
  const tag = { key: 'example_key', value: 'example_value' };
  const template = isOfPrompt ? [{ key: promptText, value: 'Hello {{name}}!' }] : [];
  const description = `An example ${exampleNouns[entity]}`;
  const created = { tags: [tag, ...template], description, source: 'models:/123', runId: 'abcd1234abcd5678' };
  const name = isOfPrompt ? 'example_prompt' : 'example_model';
  const isCreated = entity in exampleNouns;
  return {
    name,
    ...ofVersion,
    alias: 'example_alias',
    before: tag,
    after: isCreated ? { ...created, tags: entity === 'prompt' ? [tag] : created.tags } : { ...tag, version: 1 },
  };
}

/** `prod.fraud.scorer`, `prod.fraud.scorer/3`, `prod.fraud.scorer@champion`; no part of a name has one of these signs. */
function toldOf({ objectName, before, after }: ToldEvent, nameOf: (fullName: string) => string): Told {
  const [, fullName = objectName, version, alias] = /^([^/@]+)(?:\/(\d+))?(?:@(.+))?$/.exec(objectName) ?? [];
  return {
    name: nameOf(fullName),
    before: before ?? {},
    after: after ?? {},
    ...(version && { version }),
    ...(alias && { alias }),
  };
}

/**
 * The body that MLflow's server would send.
 * @param nameOf writes the name of a model as MLflow's clients know it
 */
export function mlflowBody(
  { type, isTest }: { type: MlflowEventType; isTest: boolean },
  event: ToldEvent,
  nameOf: (fullName: string) => string,
): string {
  const [entity, action] = type.split('.') as [string, string];
  const told = isTest ? exampleOf(entity) : toldOf(event, nameOf);
  // Older Pythons read an offset in a time, and no Z.
  const timestamp = event.occurredAt.toISOString().replace('Z', '+00:00');
  return JSON.stringify({ entity, action, timestamp, data: dataOf[type](told) });
}

/** MLflow's headers. The key of the signature is the secret as it was typed in; without one nothing is signed. */
export function mlflowHeaders(message: {
  id: string;
  timestamp: Date;
  body: string;
  secret: string | undefined;
}): Record<string, string> {
  const { id, timestamp, body, secret } = message;
  const seconds = String(Math.floor(timestamp.getTime() / 1000));
  const headers = {
    'content-type': 'application/json',
    'X-MLflow-Delivery-Id': id,
    'X-MLflow-Timestamp': seconds,
  };
  if (secret === undefined) return headers;
  const signature = createHmac('sha256', secret).update(`${id}.${seconds}.${body}`).digest('base64');
  return { ...headers, 'X-MLflow-Signature': `v1,${signature}` };
}
