import { gzipSync } from 'node:zlib';
import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { graphql } from '../../../../test/support/graphql.js';
import { data, fixture, runEvent, sent, type WireEvent } from '../../../../test/support/openlineage.js';
import { countStatements } from '../../../../test/support/statements.js';
import { lineagePaths } from '../http/surface.js';

const jobFields = `namespace name lastEventAt experiment { name owner { name } }
  latestRun { runId state stateAt startedAt parentRunId parentJob }
  runs(first: 10) { totalCount nodes { runId state } }
  inputs(first: 10) { totalCount nodes { name sourceType location schema } } outputs(first: 10) { nodes { name location } }`;

describe('events of OpenLineage', () => {
  let t: TestApp;
  let producer: TestPrincipal;
  beforeAll(async () => {
    t = await createTestApp({ BODY_LIMIT_BYTES: '100000' });
    producer = await t.make.user();
  });
  afterAll(() => t.close());

  const job = async (namespace: string, name: string) => {
    const query = `query($namespace: String!, $name: String!) { job(namespace: $namespace, name: $name) { ${jobFields} } }`;
    const { data: found, errors } = await graphql(t, producer.token, query, { namespace, name });
    expect(errors).toBeUndefined();
    return found.job;
  };
  const raw = (body: Buffer, headers: Record<string, string>) =>
    fetch(t.url + lineagePaths.event, {
      method: 'POST',
      body: new Uint8Array(body),
      headers: {
        authorization: `Bearer ${producer.token}`,
        'content-type': 'application/json; charset=utf-8',
        ...headers,
      },
    });

  it.each(['example_full_event.json', 'spark_complete.json', 'airflow_start.json', 'dbt_complete.json'])(
    'takes %s',
    async (name) => {
      const event = fixture(name) as {
        job: { namespace: string; name: string };
        run: { runId: string };
        eventType: string;
      };
      expect(await sent(t, producer, event)).toMatchObject({ status: 201 });
      const made = await job(event.job.namespace, event.job.name);
      expect(made.latestRun).toMatchObject({ runId: event.run.runId, state: event.eventType });
    },
  );

  it('keeps a job with its experiment, its run and its data', async () => {
    const { job: sentJob } = fixture('spark_complete.json') as { job: { namespace: string; name: string } };
    const named = { namespace: sentJob.namespace, name: sentJob.name };
    expect(await job(named.namespace, named.name)).toEqual({
      ...named,
      lastEventAt: '2026-03-01T04:12:51.317Z',
      experiment: { name: 'nightly', owner: { name: producer.name } },
      latestRun: {
        runId: '019caa10-6b1c-7d51-9f5c-0d6ad9f1d111',
        state: 'COMPLETE',
        stateAt: '2026-03-01T04:12:51.317Z',
        startedAt: null,
        parentRunId: '019caa10-5e9a-7c00-8d2f-1f4b1f9d2222',
        parentJob: 'nightly/orders_features',
      },
      runs: { totalCount: 1, nodes: [{ runId: '019caa10-6b1c-7d51-9f5c-0d6ad9f1d111', state: 'COMPLETE' }] },
      inputs: {
        totalCount: 1,
        nodes: [
          {
            name: 'raw/orders',
            sourceType: 'openlineage',
            location: 's3://lake/raw/orders',
            schema: '{"fields":[{"name":"order_id","type":"long"},{"name":"amount","type":"double"}]}',
          },
        ],
      },
      outputs: { nodes: [{ name: 'features/orders', location: 's3://lake/features/orders' }] },
    });
  });

  it('comes to the same in whatever order events arrive, and however often', async () => {
    const at = (second: number) => `2026-01-01T00:00:0${second}.000Z`;
    const events = [
      { eventType: 'START', eventTime: at(1), inputs: [data('s3://b/in')] },
      { eventType: 'RUNNING', eventTime: at(2) },
      { eventType: 'FAIL', eventTime: at(4), outputs: [data('s3://b/out')] },
      { eventType: 'OTHER', eventTime: at(5) },
      // A clock that runs behind: what has ended stays so.
      { eventType: 'RUNNING', eventTime: at(6) },
    ];
    const orders = [
      [0, 1, 2, 3, 4],
      [4, 3, 2, 1, 0],
      [2, 0, 4, 2, 1, 3],
      [3, 4, 0, 0, 2, 1],
    ];
    const seen: unknown[] = [];
    for (const [index, order] of orders.entries()) {
      for (const which of order) {
        expect(await sent(t, producer, runEvent('orders', `job ${index}`, events[which]))).toMatchObject({
          status: 201,
        });
      }
      const { name: _, ...rest } = await job('orders', `job ${index}`);
      seen.push(rest);
    }
    expect(seen[0]).toMatchObject({
      lastEventAt: at(6),
      latestRun: { state: 'FAIL', stateAt: at(4), startedAt: at(1) },
      runs: { totalCount: 1 },
      inputs: { totalCount: 1 },
      outputs: { nodes: [{ location: 's3://b/out' }] },
    });
    for (const other of seen.slice(1)) expect(other).toEqual(seen[0]);
  });

  it('takes many at once of one new job', async () => {
    const runIds = Array.from({ length: 8 }, (_, at) => `019c0000-0000-7000-8000-00000000001${at}`);
    const answers = await Promise.all(
      runIds.map((runId) =>
        sent(t, producer, runEvent('at once', 'job', { run: { runId }, inputs: [data('s3://b/x'), data('s3://b/y')] })),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(runIds.map(() => 201));
    const made = await job('at once', 'job');
    expect([made.runs.totalCount, made.inputs.totalCount]).toEqual([8, 2]);
  });

  it('tells the audit trail that a job has come to be, once', async () => {
    for (const eventType of ['START', 'COMPLETE']) await sent(t, producer, runEvent('audited', 'job', { eventType }));
    const events = await t.db.query(sql`
      SELECT action, actor_name AS actor, object_name AS object FROM audit_events WHERE object_name LIKE 'audited%' ORDER BY action`);
    expect(events).toEqual([
      { action: 'experiment.created', actor: producer.name, object: 'audited' },
      { action: 'job.created', actor: producer.name, object: 'audited/job' },
    ]);
  });

  it('takes events about a job alone and about data alone', async () => {
    const { run: _run, eventType: _type, ...jobEvent } = runEvent('static', 'view', { inputs: [data('s3://b/t')] });
    expect(await sent(t, producer, jobEvent)).toMatchObject({ status: 201 });
    expect(await job('static', 'view')).toMatchObject({ latestRun: null, inputs: { nodes: [{ schema: null }] } });
    const { job: _job, inputs: _in, outputs: _out, ...dataEvent } = jobEvent;
    const dataset = data('s3a://b//t', ['id']);
    expect(await sent(t, producer, { ...dataEvent, dataset })).toMatchObject({ status: 201 });
    const { inputs } = await job('static', 'view');
    expect(inputs.nodes[0].schema).toBe('{"fields":[{"name":"id","type":"string"}]}');
    // Nobody changes what stands where he may not write.
    const stranger = await t.make.user();
    expect(await sent(t, stranger, { ...dataEvent, dataset: data('s3://b/t', ['forged']) })).toMatchObject({
      status: 201,
    });
    expect((await job('static', 'view')).inputs.nodes[0].schema).toBe(inputs.nodes[0].schema);
  });

  it('inflates what is sent as gzip, up to the limit of a body', async () => {
    const event = Buffer.from(JSON.stringify(runEvent('gzip', 'job')));
    const gzip = { 'content-encoding': 'gzip' };
    expect((await raw(gzipSync(event), gzip)).status).toBe(201);
    const bomb = await raw(gzipSync(Buffer.alloc(50_000_000, ' ')), gzip);
    expect([bomb.status, await bomb.text()]).toEqual([413, expect.stringContaining('more than 100000 bytes')]);
    const broken = await raw(event, gzip);
    expect([broken.status, await broken.text()]).toEqual([400, expect.stringContaining('is not gzip')]);
    const cut = await raw(gzipSync(event).subarray(0, 60), gzip);
    expect(cut.status).toBe(400);
    expect((await raw(event, { 'content-encoding': 'br' })).status).toBe(415);
  });

  it('answers a batch as the standard says', async () => {
    const batch = (body: unknown) => t.call('POST', lineagePaths.batch, { token: producer.token, body });
    const good: WireEvent = runEvent('batch', 'job');
    expect(await batch([good, { ...good, eventTime: 'now' }, good])).toMatchObject({
      status: 200,
      body: {
        status: 'partial_success',
        summary: { received: 3, successful: 2, failed: 1, retriable: 0, non_retriable: 1 },
        failed_events: [
          {
            index: 1,
            reason: expect.stringContaining('eventTime: "now" must match format "date-time"'),
            retriable: false,
          },
        ],
      },
    });
    expect(await batch([good])).toMatchObject({ status: 200, body: { status: 'success', failed_events: [] } });
    expect(await batch([{}, good.job])).toMatchObject({ status: 400, body: { code: 'INVALID_ARGUMENT' } });
    for (const none of [[], {}, Array(501).fill(0)]) expect((await batch(none)).status).toBe(400);
  });

  it('costs the same number of statements for one dataset and for a hundred', async () => {
    const cost = async (count: number) => {
      const inputs = Array.from({ length: count }, (_, at) => data(`s3://b/${count}/${at}`));
      const statements = countStatements(t.app);
      expect((await sent(t, producer, runEvent('cost', 'job', { inputs }))).status).toBe(201);
      return statements.stop().length;
    };
    await cost(2);
    expect(await cost(100)).toBe(await cost(1));
  });
});
