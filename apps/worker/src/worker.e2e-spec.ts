import type { Securable } from '@app/access';
import type { GateRun } from '@app/gates';
import { GateRuns } from '@app/gates';
import type { PromotionRequest } from '@app/promotion';
import { Redis } from 'ioredis';
import pg from 'pg';
import sql from 'sql-template-tag';
import { eventually, startValkey, startWorker, type TestProcess } from '../../../test/support/processes.js';
import { createPromotionTest, type PromotionTest } from '../../../test/support/promotion.js';

const gates = [
  { key: 'auc', type: 'METRIC_THRESHOLD', config: { metric: 'auc', min: 0.9 } },
  { key: 'signature', type: 'SIGNATURE' },
  { key: 'files', type: 'ARTIFACT_INTEGRITY', config: { requiredPaths: ['model.pkl'] } },
];

describe.each(['postgres', 'redis'])('the worker, its queue on %s', (backend) => {
  let t: PromotionTest;
  let model: Securable;
  let valkey: TestProcess | undefined;
  let worker: TestProcess | undefined;
  let env: Record<string, string>;

  beforeAll(async () => {
    valkey = backend === 'redis' ? await startValkey() : undefined;
    t = await createPromotionTest();
    await t.policy(t.catalog, { gates });
    env = {
      ...t.env,
      RECONCILE_SECONDS: '0.5',
      GATE_CONCURRENCY: '1',
      LOG_LEVEL: 'warn',
      ...(valkey && { REDIS_URL: valkey.url }),
    };
  });
  afterAll(async () => {
    await t.close();
    await valkey?.stop('SIGKILL');
  });
  beforeEach(async () => {
    model = await t.model();
  });
  afterEach(async () => {
    await worker?.stop('SIGKILL');
    worker = undefined;
  });

  const runsOf = (request: PromotionRequest): Promise<GateRun[]> => t.module.get(GateRuns).ofRequests([request.id]);
  const reaches = (request: PromotionRequest, state: string) =>
    eventually(
      () => t.again(request),
      (now) => now.state === state,
    );
  /** How many judgements each gate run of the request got. */
  const judgements = async (request: PromotionRequest) => {
    const rows = await t.db.query<{ judgements: number }>(sql`
      SELECT count(a.id) AS judgements FROM gate_runs g
      LEFT JOIN audit_events a ON a.object_id = g.id::text AND a.action = 'gate_run.finished'
      WHERE g.request_id = ${request.id}::uuid GROUP BY g.id`);
    return rows.map((row) => row.judgements);
  };
  /** Makes every gate that reads metrics wait, as a slow disk would. */
  const holdMetrics = async () => {
    const holder = new pg.Client({ connectionString: t.env.DATABASE_URL });
    await holder.connect();
    await holder.query('BEGIN; LOCK TABLE latest_metrics IN ACCESS EXCLUSIVE MODE');
    return { release: () => holder.end() };
  };
  const isRunning = (runs: GateRun[]) => runs.some(({ status }) => status === 'RUNNING');

  it('brings one request to AWAITING_APPROVAL and the other to BLOCKED, and says why', async () => {
    worker = await startWorker(env);
    const good = await t.request(await t.trained(model, { auc: 0.95 }));
    const bad = await t.request(await t.trained(model, { auc: 0.62 }));
    expect(await reaches(good, 'AWAITING_APPROVAL')).toMatchObject({
      evidenceDigest: expect.stringMatching(/^sha256:/),
    });
    expect(await reaches(bad, 'BLOCKED')).toMatchObject({
      stateReason: 'gate "prod/auc" FAILED: auc is 0.62, below the bound: at least 0.9',
    });
    expect((await runsOf(good)).map(({ key, status, attempt }) => [key, status, attempt])).toEqual([
      ['prod/auc', 'PASSED', 1],
      ['prod/signature', 'PASSED', 1],
      ['prod/files', 'PASSED', 1],
    ]);
    expect(await judgements(good)).toEqual([1, 1, 1]);

    const actors = await t.db.query(sql`SELECT DISTINCT actor_name, request_id FROM audit_events
      WHERE action = 'gate_run.finished' AND securable_id = ${model.id}::uuid`);
    expect(actors).toEqual([{ actor_name: 'imprimatur-gates', request_id: 'test' }]);
    const metrics = await (await fetch(`${worker.url}/metrics`)).text();
    expect(metrics).toContain('imprimatur_gate_run_duration_seconds_count{type="METRIC_THRESHOLD",status="FAILED"} 1');
    expect(metrics).toMatch(/imprimatur_queue_jobs\{queue="gates",state="waiting"\} 0/);
    expect(metrics).toContain('imprimatur_outbox_lag_seconds 0');
    await t.decide(t.leads[0], good);
    expect(await t.decide(t.leads[1], good)).toMatchObject({ state: 'APPLIED' });
    expect(await worker.stop()).not.toBe(1);
  });

  it('brings a request to its end when the worker is killed in the middle of a gate', async () => {
    worker = await startWorker(env);
    const version = await t.trained(model, { auc: 0.95 });
    const metrics = await holdMetrics();
    const request = await t.request(version);
    await eventually(() => runsOf(request), isRunning);
    await worker.stop('SIGKILL');
    await metrics.release();
    expect(isRunning(await runsOf(request))).toBe(true);

    worker = await startWorker(env);
    await reaches(request, 'AWAITING_APPROVAL');
    expect((await runsOf(request)).map(({ key, status, attempt }) => [key, status, attempt])).toEqual([
      ['prod/auc', 'PASSED', 2],
      ['prod/signature', 'PASSED', 1],
      ['prod/files', 'PASSED', 1],
    ]);
    expect(await judgements(request)).toEqual([1, 1, 1]);
  }, 600_000);

  it('gives a running gate back when it is stopped, and another worker takes it up', async () => {
    worker = await startWorker(env);
    const version = await t.trained(model, { auc: 0.95 });
    const metrics = await holdMetrics();
    const request = await t.request(version);
    await eventually(() => runsOf(request), isRunning);
    await worker.stop('SIGTERM');
    expect((await runsOf(request)).map(({ status, attempt }) => [status, attempt])).toEqual([
      ['QUEUED', 0],
      ['QUEUED', 0],
      ['QUEUED', 0],
    ]);
    await metrics.release();
    worker = await startWorker(env);
    await reaches(request, 'AWAITING_APPROVAL');
    expect(await judgements(request)).toEqual([1, 1, 1]);
  }, 600_000);

  it('takes the gates of what is urgent before those that were queued earlier', async () => {
    const [usual, urgent] = [
      await t.request(await t.trained(model, { auc: 0.95 })),
      await t.request(await t.trained(model, { auc: 0.95 })),
    ];
    await t.db.execute(sql`
      UPDATE outbox o SET payload = o.payload || '{"urgent": true}' FROM gate_runs g
      WHERE g.id::text = o.payload ->> 'gateRunId' AND g.request_id = ${urgent.id}::uuid`);
    worker = await startWorker(env);
    for (const request of [usual, urgent]) await reaches(request, 'AWAITING_APPROVAL');
    const lastBegun = async (request: PromotionRequest) =>
      Math.max(...(await runsOf(request)).map(({ startedAt }) => Number(startedAt)));
    expect(await lastBegun(urgent)).toBeLessThan(await lastBegun(usual));
  });

  it('lets other gates pass while those of one type wait for their slot', async () => {
    worker = await startWorker({ ...env, GATE_CONCURRENCY: '2', GATE_TYPE_CONCURRENCY: 'METRIC_THRESHOLD=1' });
    const versions = [await t.trained(model, { auc: 0.95 }), await t.trained(model, { auc: 0.95 })];
    const metrics = await holdMetrics();
    const requests = [
      await t.request(versions[0] as (typeof versions)[0]),
      await t.request(versions[1] as (typeof versions)[0]),
    ];
    const statuses = async () =>
      (await Promise.all(requests.map(runsOf)))
        .flat()
        .map(({ type, status }) => `${type} ${status}`)
        .sort();
    // One of the two that wait for the table has the only slot of its type, the other takes no place from the rest.
    await eventually(statuses, (now) => now.filter((text) => text.endsWith('PASSED')).length === 4);
    expect((await statuses()).filter((text) => text.startsWith('METRIC'))).toEqual([
      'METRIC_THRESHOLD QUEUED',
      'METRIC_THRESHOLD RUNNING',
    ]);
    await metrics.release();
    for (const request of requests) await reaches(request, 'AWAITING_APPROVAL');
    for (const request of requests) expect(await judgements(request)).toEqual([1, 1, 1]);
  }, 600_000);

  if (backend === 'redis') {
    it('brings a request to its end when Redis is emptied while its gates are queued', async () => {
      worker = await startWorker(env);
      const version = await t.trained(model, { auc: 0.95 });
      const metrics = await holdMetrics();
      const request = await t.request(version);
      await eventually(() => runsOf(request), isRunning);
      const redis = new Redis(env.REDIS_URL as string);
      await eventually(
        () => redis.keys('bull:imprimatur-*-gates:message-*'),
        (keys) => keys.length >= 3,
      );
      await redis.flushall();
      redis.disconnect();
      await metrics.release();
      await reaches(request, 'AWAITING_APPROVAL');
      expect(await judgements(request)).toEqual([1, 1, 1]);
    }, 600_000);

    it('is not ready while Redis is away, and ends all the same', async () => {
      worker = await startWorker(env);
      await valkey?.stop('SIGKILL');
      const ready = await fetch(`${worker.url}/health/ready`);
      expect(ready.status).toBe(503);
      expect(await ready.json()).toMatchObject({
        parts: { postgresql: { status: 'ok' }, queue: { status: 'unavailable', backend: 'redis' } },
      });
      expect((await fetch(`${worker.url}/health/live`)).status).toBe(200);
      const request = await t.request(await t.trained(model, { auc: 0.95 }));
      await eventually(() => t.db.first(sql`SELECT 1 FROM outbox WHERE shipped_at IS NOT NULL AND handled_at IS NULL`));
      await worker.stop('SIGTERM');
      expect((await runsOf(request)).every(({ status }) => status === 'QUEUED')).toBe(true);
    }, 600_000);
  }
});
