import { type Answer, createTestApp, type TestApp } from '../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { data, runEvent, sent, type WireEvent } from '../../../../test/support/openlineage.js';
import { lineagePaths } from '../http/surface.js';

const long = 'x'.repeat(501);
const at = (time: number) => new Date(time).toISOString();
const nested = (depth: number): unknown => (depth === 0 ? 1 : { deeper: nested(depth - 1) });
const runId = '019c0000-0000-7000-8000-000000000001';
const facet = { _producer: 'https://a.example/', _schemaURL: 'https://a.example/schema.json' };
const event = (changes: WireEvent = {}) => runEvent('hostile', 'job', changes);

/** What is wrong, the body, and what the answer must say. */
const invalid: [string, unknown, string][] = [
  ['no event', null, 'the event'],
  ['a list', [event()], 'the event'],
  ['an empty object', {}, "must have required property 'eventTime'"],
  ['a text where the run is', event({ run: runId }), `run: "${runId}" must be object`],
  ['a run without an id', event({ run: {} }), "run: must have required property 'runId'"],
  ['an id that is no UUID', event({ run: { runId: "1'; DROP TABLE jobs; --" } }), 'must match format "uuid"'],
  ['an unknown state', event({ eventType: 'EXPLODED' }), 'must be one of START, RUNNING, COMPLETE, ABORT, FAIL, OTHER'],
  ['a time without a zone', event({ eventTime: '2026-01-01T00:00:00' }), 'must match format "date-time"'],
  ['a time that is a number', event({ eventTime: 1767225600 }), 'eventTime: 1767225600 must be string'],
  ['a time tomorrow', event({ eventTime: at(Date.now() + 86_400_000) }), 'an hour from now'],
  ['a time before 1970', event({ eventTime: '0001-01-01T00:00:00Z' }), 'is not between 1970'],
  ['a producer that is no URI', event({ producer: 'me' }), 'producer: "me" must match format "uri"'],
  ['a job without a namespace', event({ job: { name: 'x' } }), "job: must have required property 'namespace'"],
  ['an empty name', event({ job: { namespace: 'hostile', name: ' ' } }), 'job.name: " " is empty'],
  ['a namespace too long', event({ job: { namespace: long, name: 'x' } }), 'job.namespace: has 501 characters'],
  ['a job name too long', event({ job: { namespace: 'hostile', name: long } }), 'job.name: has 501 characters'],
  ['a dataset name too long', event({ inputs: [{ namespace: 's3://b', name: long }] }), 'inputs[0].name: has 501'],
  ['inputs that are no list', event({ inputs: { 0: data('s3://b/x') } }), 'inputs: {"0":'],
  [
    'an input without a name',
    event({ inputs: [{ namespace: 's3://b' }] }),
    "inputs[0]: must have required property 'name'",
  ],
  ['too many outputs', event({ outputs: Array(1001).fill(data('s3://b/x')) }), 'outputs: 1001 of them, at most 1000'],
  [
    'a facet without its schema',
    event({ run: { runId, facets: { mine: { _producer: 'https://a.example/' } } } }),
    'run.facets.mine',
  ],
  ['a facet that is a list', event({ run: { runId, facets: { mine: [] } } }), 'run.facets.mine: [] must be object'],
  [
    'a parent without its job',
    event({ run: { runId, facets: { parent: { ...facet, run: { runId } } } } }),
    "required property 'job'",
  ],
  [
    'columns without names',
    event({ inputs: [{ ...data('s3://b/x'), facets: { schema: { ...facet, fields: [{}] } } }] }),
    'fields[0]',
  ],
  ['NUL', event({ job: { namespace: 'hostile', name: 'a\0b' } }), 'NUL'],
  ['NUL in a facet of others', event({ run: { runId, facets: { mine: { ...facet, text: '\0' } } } }), 'NUL'],
  ['half of a surrogate pair', event({ job: { namespace: 'hostile', name: '\ud800' } }), 'surrogate'],
  [
    'deep nesting',
    event({ run: { runId, facets: { mine: { ...facet, nested: nested(120) } } } }),
    'nested deeper than 100',
  ],
  [
    'a job and a dataset at once',
    { ...event({ run: undefined }), dataset: data('s3://b/x') },
    'dataset: the event has a job too',
  ],
];

describe('hostile events of OpenLineage', () => {
  let t: TestApp;
  let who: TestPrincipal;
  beforeAll(async () => {
    t = await createTestApp({ BODY_LIMIT_BYTES: '1000000' });
    who = await t.make.user();
  });
  afterAll(() => t.close());

  const text = (
    body: string,
    headers: Record<string, string> = { 'content-type': 'application/json' },
  ): Promise<Answer> => t.call('POST', lineagePaths.event, { token: who.token, body, headers });

  it.each(invalid)('refuses %s', async (_, body, message) => {
    const answer = await sent(t, who, body);
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) },
    });
    // What is shown of a value is bounded.
    expect(answer.body.message.length).toBeLessThan(700);
  });

  it.each([
    [
      'a key that would reach the prototype',
      JSON.stringify(event()).replace('"inputs"', '"__proto__":{"admin":true},"inputs"'),
      400,
    ],
    [
      'a constructor’s prototype',
      JSON.stringify(event()).replace('"inputs"', '"constructor":{"prototype":{"admin":true}},"inputs"'),
      400,
    ],
    ['what is no JSON', '{"eventTime": ', 400],
    ['brackets without end', '['.repeat(500_000), 400],
    ['more than a body may have', JSON.stringify(event({ note: 'x'.repeat(1_100_000) })), 413],
    ['nothing', '', 400],
  ])('refuses %s', async (_, body, status) => {
    expect((await text(body)).status).toBe(status);
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });

  it('refuses other content types', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      expect((await text(JSON.stringify(event()), { 'content-type': type })).status).toBeGreaterThanOrEqual(400);
    }
  });

  it('keeps nothing of what it refuses, and lets what it does not know be', async () => {
    expect((await sent(t, who, event({ job: { namespace: 'kept', name: 'a' }, eventTime: 'now' }))).status).toBe(400);
    expect(
      await t.call('GET', '/api/2.0/mlflow/experiments/get-by-name?experiment_name=kept', { token: who.token }),
    ).toMatchObject({ status: 404 });
    const strange = event({
      run: { runId: `urn:uuid:${runId}`, facets: { mine: { ...facet, 'a b': { c: [1e300, null] } } } },
      unknown: true,
    });
    expect((await sent(t, who, strange)).status).toBe(201);
  });
});
