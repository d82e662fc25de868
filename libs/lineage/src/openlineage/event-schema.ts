/** The version of the standard that events are judged by; events of earlier ones have the same form. */
export const standardUrl = 'https://openlineage.io/spec/2-0-2/OpenLineage.json';

const text = { type: 'string' };
const uri = { type: 'string', format: 'uri' };
const uuid = { type: 'string', format: 'uuid' };

const facets = (facet = 'BaseFacet') => ({
  type: 'object',
  additionalProperties: { $ref: `#/$defs/${facet}` },
});

const named = (kinds: Record<string, unknown>) => ({
  type: 'object',
  properties: { namespace: text, name: text, ...kinds },
  required: ['namespace', 'name'],
});

/** What every event has, and more. */
const event = (properties: Record<string, unknown>, required: readonly string[]) => ({
  type: 'object',
  properties: { eventTime: { type: 'string', format: 'date-time' }, producer: uri, schemaURL: uri, ...properties },
  required: ['eventTime', 'producer', 'schemaURL', ...required],
});

const listOf = (item: string) => ({ type: 'array', items: { $ref: `#/$defs/${item}` } });
const data = { inputs: listOf('InputDataset'), outputs: listOf('OutputDataset') };

/** The facets that are used here, by their key, with what is used of them; of every other one the standard asks its two URIs. */
const parent = {
  allOf: [{ $ref: '#/$defs/BaseFacet' }],
  type: 'object',
  properties: { run: { type: 'object', properties: { runId: uuid }, required: ['runId'] }, job: named({}) },
  required: ['run', 'job'],
};
const columns = {
  allOf: [{ $ref: '#/$defs/DeletableFacet' }],
  type: 'object',
  properties: {
    fields: { type: 'array', items: { type: 'object', properties: { name: text }, required: ['name'] } },
  },
};

const dataset = (facet: Record<string, unknown> = {}) => named({ facets: { $ref: '#/$defs/DatasetFacets' }, ...facet });

/**
 * The standard's rules for events (JSON Schema 2020-12), by the kind of the event. It says what `standardUrl` says, and of the
 * facets that are used here what their own schemas say (ParentRunFacet, SchemaDatasetFacet).
 */
export const eventSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $defs: {
    BaseFacet: {
      type: 'object',
      properties: { _producer: uri, _schemaURL: uri },
      required: ['_producer', '_schemaURL'],
    },
    DeletableFacet: {
      allOf: [{ $ref: '#/$defs/BaseFacet' }],
      type: 'object',
      properties: { _deleted: { type: 'boolean' } },
    },
    DatasetFacets: { ...facets('DeletableFacet'), properties: { schema: columns } },
    InputDataset: dataset({ inputFacets: facets() }),
    OutputDataset: dataset({ outputFacets: facets() }),
    Dataset: dataset(),
    Run: {
      type: 'object',
      properties: { runId: uuid, facets: { ...facets(), properties: { parent } } },
      required: ['runId'],
    },
    Job: named({ facets: facets('DeletableFacet') }),
    RunEvent: event(
      {
        eventType: { enum: ['START', 'RUNNING', 'COMPLETE', 'ABORT', 'FAIL', 'OTHER'] },
        run: { $ref: '#/$defs/Run' },
        job: { $ref: '#/$defs/Job' },
        ...data,
      },
      ['run', 'job'],
    ),
    JobEvent: event({ job: { $ref: '#/$defs/Job' }, ...data }, ['job']),
    DatasetEvent: event({ dataset: { $ref: '#/$defs/Dataset' } }, ['dataset']),
  },
};
