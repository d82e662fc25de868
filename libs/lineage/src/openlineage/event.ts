import { InvalidArgument, jsonProblem } from '@app/platform';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { eventSchema, standardUrl } from './event-schema.js';

export type RunState = 'START' | 'RUNNING' | 'COMPLETE' | 'ABORT' | 'FAIL';
export type DataDirection = 'INPUT' | 'OUTPUT';

/** What a job and a dataset are known by. */
export interface Named {
  namespace: string;
  name: string;
}

/** Data that an event names. */
export interface NamedDataset extends Named {
  /** Its columns, as JSON: the facet `schema`. null: the event does not say. */
  schema: string | null;
}

/** What is kept of an event about a job. */
export interface JobObservation {
  at: Date;
  job: Named;
  /** null: the event is about the job alone. */
  run: { id: string; state: RunState | null; parent: ({ runId: string } & Named) | null } | null;
  data: Record<DataDirection, NamedDataset[]>;
}

/** An event of OpenLineage, as far as it is used here. */
export type LineageEvent = JobObservation | { dataset: NamedDataset };

/** Of names and namespaces, in characters. Experiments and datasets of MLflow have the same. */
const longestName = 500;
/** Of one event, in each direction. */
const mostDatasets = 1000;
/** MLflow's limit of a dataset's schema, in characters. */
const longestSchema = 1_048_575;
const deepest = 100;
/** Clocks of producers are not quite right. */
const aheadMs = 60 * 60 * 1000;
const longestShown = 100;

const ajv = new Ajv2020({ strict: true, strictTypes: false, verbose: true });
addFormats.default(ajv);
ajv.addSchema(eventSchema, 'openlineage');
const validators = Object.fromEntries(
  ['RunEvent', 'JobEvent', 'DatasetEvent'].map((kind) => [kind, ajv.getSchema(`openlineage#/$defs/${kind}`)]),
) as Record<EventKind, ValidateFunction>;

type EventKind = 'RunEvent' | 'JobEvent' | 'DatasetEvent';
interface WireDataset extends Named {
  facets?: { schema?: { fields?: unknown[]; _deleted?: boolean } };
}
interface WireEvent {
  eventTime: string;
  eventType?: RunState | 'OTHER';
  run?: { runId: string; facets?: { parent?: { run: { runId: string }; job: Named } } };
  job: Named;
  inputs?: WireDataset[];
  outputs?: WireDataset[];
  dataset: WireDataset;
}

/**
 * Reads an event of OpenLineage: a run's, a job's or a dataset's.
 * @throws InvalidArgument naming the first place that breaks the standard or a bound of ours, the value there and what would be right
 */
export function parsedEvent(body: unknown, now = new Date()): LineageEvent {
  const problem = jsonProblem(body, { maxBytes: Number.MAX_SAFE_INTEGER, maxDepth: deepest });
  if (problem) throw new InvalidArgument(`the event ${problem}`);
  const validate = validators[kindOf(body)];
  if (!validate(body)) throw failure((validate.errors as ErrorObject[])[0] as ErrorObject);
  const event = body as WireEvent;
  const at = timeOf(event.eventTime, now);
  if (validate === validators.DatasetEvent) return { dataset: namedDataset(event.dataset, 'dataset') };
  return {
    at,
    job: named(event.job, 'job'),
    run: event.run ? runOf(event.run, event.eventType) : null,
    data: { INPUT: datasets(event.inputs, 'inputs'), OUTPUT: datasets(event.outputs, 'outputs') },
  };
}

/** As the standard tells them apart: a run's event has a run and a job, a dataset's has no such pair. */
function kindOf(body: unknown): EventKind {
  const has = (key: string) => typeof body === 'object' && body !== null && Object.hasOwn(body, key);
  if (has('dataset') && !(has('run') && has('job'))) {
    if (!has('job')) return 'DatasetEvent';
    throw new InvalidArgument('dataset: the event has a job too: without a run it must be about one of them', [
      'dataset',
    ]);
  }
  return has('job') && !has('run') ? 'JobEvent' : 'RunEvent';
}

/** `inputs[3].name`, as people write it. */
const pathOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

const shown = (path: readonly string[]): string =>
  path.map((part, at) => (/^\d+$/.test(part) ? `[${part}]` : at === 0 ? part : `.${part}`)).join('') || 'the event';

function clipped(value: unknown): string {
  const json = JSON.stringify(value) ?? 'nothing';
  return json.length > longestShown ? `${json.slice(0, longestShown)}…` : json;
}

function failure({ instancePath, keyword, params, message, data }: ErrorObject): InvalidArgument {
  const path = pathOf(instancePath);
  const expected = keyword === 'enum' ? `must be one of ${params.allowedValues.join(', ')}` : message;
  const value = keyword === 'required' ? '' : `${clipped(data)} `;
  const where = shown(path).slice(0, 4 * longestShown);
  return new InvalidArgument(`${where}: ${value}${expected} (${standardUrl})`, path);
}

/** @throws InvalidArgument for a time that is none, or that no clock of today shows */
function timeOf(text: string, now: Date): Date {
  const at = new Date(text);
  if (at.getTime() >= 0 && at.getTime() <= now.getTime() + aheadMs) return at;
  throw new InvalidArgument(
    `eventTime: "${text.slice(0, longestShown)}" is not between 1970 and ${new Date(now.getTime() + aheadMs).toISOString()}, an hour from now`,
    ['eventTime'],
  );
}

/** @throws InvalidArgument for a name that is empty or too long */
function named({ namespace, name }: Named, path: string): Named {
  for (const [field, value] of Object.entries({ namespace, name })) {
    const { length } = [...value];
    if (value.trim() !== '' && length <= longestName) continue;
    const told = length > longestName ? `has ${length} characters` : `${JSON.stringify(value)} is empty`;
    throw new InvalidArgument(`${path}.${field}: ${told}, it must have 1 to ${longestName}`, [path, field]);
  }
  return { namespace, name };
}

function namedDataset(dataset: WireDataset, path: string): NamedDataset {
  const facet = dataset.facets?.schema;
  const schema = facet?.fields && !facet._deleted ? JSON.stringify({ fields: facet.fields }) : null;
  if (schema && schema.length > longestSchema) {
    const message = `${path}.facets.schema.fields: has ${schema.length} characters as JSON, at most ${longestSchema} are kept`;
    throw new InvalidArgument(message, [path, 'facets', 'schema', 'fields']);
  }
  return { ...named(dataset, path), schema };
}

function datasets(given: readonly WireDataset[] = [], field: string): NamedDataset[] {
  if (given.length > mostDatasets) {
    throw new InvalidArgument(`${field}: ${given.length} of them, at most ${mostDatasets} in one event`, [field]);
  }
  return given.map((dataset, index) => namedDataset(dataset, `${field}[${index}]`));
}

/** The standard's format lets a UUID begin as a URN. */
const plainUuid = (text: string): string => text.replace(/^urn:uuid:/i, '').toLowerCase();

function runOf(
  { runId, facets }: NonNullable<WireEvent['run']>,
  eventType: WireEvent['eventType'],
): JobObservation['run'] {
  const parent = facets?.parent;
  return {
    id: plainUuid(runId),
    state: eventType && eventType !== 'OTHER' ? eventType : null,
    parent: parent ? { runId: plainUuid(parent.run.runId), ...named(parent.job, 'run.facets.parent.job') } : null,
  };
}
