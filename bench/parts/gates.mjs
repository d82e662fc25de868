// Gates through our queue against BullMQ alone on the same backend, and how soon an approved version is served.
import { execFile } from 'node:child_process';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { until } from '../../scripts/demo/service.mjs';
import { exchange, quantile } from '../lib/load.mjs';
import { single, throughput } from '../lib/report.mjs';
import { alternate } from '../lib/rounds.mjs';
import { Imprimatur } from '../peers/imprimatur.mjs';

const bullmq = fileURLToPath(new URL('../peers/bullmq.mjs', import.meta.url));
const model = 'bench.registry.gated';
/** The service's default, for both. */
const concurrency = 16;

const policyCreate = `mutation {
  policyCreate(input: {
    on: { kind: CATALOG, fullName: "bench" }, name: "bench", reason: "measured"
    rules: {
      protects: { aliases: ["gated-*"] }
      gates: [{ key: "auc", type: METRIC_THRESHOLD, metricThreshold: { metric: "auc", min: 0.5 } }]
      approvals: [{ name: "engineers", count: 2, approvers: ["engineers"] }]
    }
  }) { errors { __typename code message } } }`;
const requestCreate = `mutation($model: String!, $version: Int!, $alias: String!) {
  promotionRequestCreate(input: {
    model: $model, version: $version, target: { kind: ALIAS, name: $alias }, justification: "measured"
  }) { promotionRequest { number } errors { __typename code message } } }`;
const requestRead = `query($number: Int!) { promotionRequest(number: $number) { state evidenceDigest } }`;
const decide = `mutation($number: Int!, $digest: String!) {
  promotionRequestDecide(input: { number: $number, verdict: APPROVE, comment: "measured", evidenceDigest: $digest }) {
    promotionRequest { state } errors { __typename code message } } }`;
/** From the first claim to the last judgement of the runs that were queued since. */
const finishedSql = `
  SELECT count(*) FILTER (WHERE status = 'PASSED')::int4 AS passed, count(*) FILTER (WHERE finished_at IS NULL)::int4 AS open,
    extract(epoch FROM max(finished_at) - min(started_at))::float8 AS seconds
  FROM gate_runs WHERE queued_at >= $1`;

/** A model with two versions of a run that passes the gate, and the policy. Only files of the store can be promoted. */
async function seed(ours) {
  const run_id = await ours.run(await ours.experiment('gated'));
  const metrics = [{ key: 'auc', value: 0.9, timestamp: 1, step: 0 }];
  await ours.call(ours.post('runs/log-batch', { run_id, metrics }));
  await ours.upload(run_id, 'model/MLmodel', 'flavors: {}\n');
  await ours.call(ours.post('registered-models/create', { name: model }));
  for (let version = 1; version <= 2; version++) {
    await ours.call(ours.post('model-versions/create', { name: model, source: `runs:/${run_id}/model`, run_id }));
  }
  await ours.graphql(policyCreate);
}

async function openRequest(ours, version, alias) {
  const answer = await ours.graphql(requestCreate, { model, version, alias });
  return answer.promotionRequestCreate.promotionRequest.number;
}

let aliases = 0;

/** Queues the gates while no worker runs, then measures how fast one worker judges them. */
async function gateRuns(ours, count) {
  const { rows } = await ours.workshop.query(ours.databaseUrl, 'SELECT now() AS since');
  const writer = async (requests) => {
    for (let made = 0; made < requests; made++) await openRequest(ours, 1, `gated-${aliases++}`);
  };
  await Promise.all(Array.from({ length: 4 }, () => writer(count / 4)));
  const mark = ours.workshop.undo.length;
  await ours.startWorker();
  for (;;) {
    const [found] = (await ours.workshop.query(ours.databaseUrl, finishedSql, [rows[0].since])).rows;
    if (found.open === 0) {
      await ours.workshop.close(mark);
      if (found.passed < count) throw new Error(`of ${count} gate runs ${found.passed} have passed`);
      return { perSecond: found.passed / found.seconds };
    }
    await sleep(200);
  }
}

async function bullmqAlone(env, jobs) {
  const args = [bullmq, String(jobs), String(concurrency)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } });
  return JSON.parse(stdout);
}

/** From the sending of the second approval to the answer over REST that names the new version. */
async function approvalToAlias(ours, count) {
  const agent = new http.Agent({ keepAlive: true });
  const read = ours.request('registered-models/alias', { name: model, alias: 'gated-champion' });
  const times = [];
  for (let round = 0; round < count; round++) {
    const version = 1 + (round % 2);
    const number = await openRequest(ours, version, 'gated-champion');
    const { evidenceDigest: digest } = await until(
      async () => (await ours.graphql(requestRead, { number })).promotionRequest,
      ({ state }) => state === 'AWAITING_APPROVAL',
      `the end of the gates of request ${number}`,
    );
    await ours.graphql(decide, { number, digest }, ours.tokens.grace);
    const sent = performance.now();
    const decided = ours.graphql(decide, { number, digest }, ours.tokens.linus);
    for (let shown; shown !== String(version); ) {
      const { body } = await exchange(agent, ours.url, read);
      shown = JSON.parse(body.toString()).model_version?.version;
    }
    times.push(performance.now() - sent);
    await decided;
  }
  agent.destroy();
  times.sort((a, b) => a - b);
  return { p50: quantile(times, 0.5), worst: times.at(-1) };
}

export async function gates({ workshop, sizes }) {
  const count = Math.max(4, sizes.gates - (sizes.gates % 4));
  const rows = [];
  const backends = [{ name: 'PostgreSQL', env: { REDIS_URL: '' } }];
  if (process.env.REDIS_URL) backends.push({ name: 'Redis', env: { REDIS_URL: process.env.REDIS_URL } });
  for (const { name, env } of backends) {
    const mark = workshop.undo.length;
    const ours = await Imprimatur.start(workshop, env);
    await seed(ours);
    const contenders = {
      ours: () => gateRuns(ours, count),
      alone: () => bullmqAlone({ DATABASE_URL: ours.databaseUrl, ...env }, count),
    };
    const { ours: own, alone } = await alternate(contenders, Math.min(sizes.rounds, 3));
    rows.push(throughput(`gate runs, queue on ${name}`, own, { name: 'BullMQ alone', ...alone }, 0.5));
    await ours.startWorker();
    const { p50, worst } = await approvalToAlias(ours, sizes.approvals);
    rows.push(single(`second approval to the alias over REST, queue on ${name}: median`, p50, 'ms'));
    rows.push(single(`second approval to the alias over REST, queue on ${name}: slowest`, worst, 'ms'));
    await workshop.close(mark);
  }
  return rows;
}
