// W1, W2: what a run reports while it trains.
import http from 'node:http';
import { exchange, summaryOf } from '../lib/load.mjs';
import { race, raceOf, rowsOf } from '../lib/race.mjs';
import { startServers } from '../peers/servers.mjs';

/** A training job sends one request after the other: few connections, each with a run of its own. */
const trainingJobs = 4;
const metricsOfBatch = 1000;
const begin = 1_760_000_000_000;
const texts = (count, prefix) =>
  Array.from({ length: count }, (_, index) => ({ key: `${prefix}${index}`, value: `value ${index}` }));

/** The requests of a job, in their order, once it has a run: params, points one by one, batches of 100, the end. */
function* requestsOfJob(server, run_id, points) {
  yield server.post('runs/log-batch', { run_id, params: texts(20, 'p') });
  for (let step = 0; step < points; step++) {
    yield server.post('runs/log-metric', { run_id, key: 'loss', value: 1 / (step + 1), timestamp: begin + step, step });
  }
  for (let step = 0; step < points / 50; step++) {
    const metrics = Array.from({ length: 100 }, (_, index) => ({
      key: `m${index}`,
      value: step,
      timestamp: begin,
      step,
    }));
    yield server.post('runs/log-batch', { run_id, metrics });
  }
  yield server.post('runs/update', { run_id, status: 'FINISHED', end_time: Date.now() });
}

async function trainAll(server, experiment, points) {
  const times = [];
  let errors = 0;
  const start = performance.now();
  const job = async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const send = async (request) => {
      const sent = performance.now();
      const answer = await exchange(agent, server.url, request);
      if (answer.status < 400) times.push(performance.now() - sent);
      else errors++;
      return answer;
    };
    const made = await send(server.post('runs/create', { experiment_id: experiment, start_time: begin }));
    const { run_id } = JSON.parse(made.body).run.info;
    for (const request of requestsOfJob(server, run_id, points)) await send(request);
    agent.destroy();
  };
  await Promise.all(Array.from({ length: trainingJobs }, job));
  return { ...summaryOf(times, (performance.now() - start) / 1000), errors };
}

/** W1. */
async function jobs({ servers, sizes }) {
  const experiments = new Map();
  for (const server of servers) experiments.set(server, await server.experiment(`training ${server.name}`));
  const work = (server) => trainAll(server, experiments.get(server), sizes.points);
  // A job takes a while, and stalls when the server does: one round.
  const what = `W1 training: run, 20 params, ${sizes.points} log-metric, ${sizes.points / 50} log-batch of 100; ${trainingJobs} jobs`;
  return rowsOf(what, await raceOf(servers, work, 1));
}

/** Every batch goes on where the last one of its run has ended. */
function metricsOf(keys, sequence, prefix) {
  const steps = metricsOfBatch / keys;
  return Array.from({ length: metricsOfBatch }, (_, index) => {
    const step = sequence * steps + Math.floor(index / keys);
    return { key: `${prefix}${index % keys}`, value: Math.sin(index + sequence), timestamp: begin + step, step };
  });
}

const kinds = [
  { name: '10 known keys', keys: 10, prefix: () => 'm' },
  { name: '1,000 known keys', keys: metricsOfBatch, prefix: () => 'm' },
  { name: '1,000 new keys', keys: metricsOfBatch, prefix: (sequence) => `b${sequence}m` },
  { name: '10 known keys, all into one run', keys: 10, prefix: () => 'm', oneRun: true },
];

/** Numbers its own batches: a round must not send what an earlier one has sent. */
function batchesFor(server, { keys, prefix, oneRun }, runs) {
  const sent = runs.map(() => 0);
  return (connection) => {
    const sequence = oneRun ? sent[0]++ : sent[connection]++;
    const run_id = runs[oneRun ? 0 : connection];
    return server.post('runs/log-batch', { run_id, metrics: metricsOf(keys, sequence, prefix(sequence)) });
  };
}

/** W2. */
async function batches({ servers, sizes }) {
  const rows = [];
  for (const kind of kinds) {
    const runs = new Map();
    for (const server of servers) {
      const experiment = await server.experiment(`${kind.name} ${server.name}`);
      runs.set(server, await Promise.all(Array.from({ length: trainingJobs }, () => server.run(experiment))));
    }
    const results = await race(servers, (server) => batchesFor(server, kind, runs.get(server)), trainingJobs, sizes);
    rows.push(...rowsOf(`W2 log-batch of 1,000 metrics, ${kind.name}, ${trainingJobs} connections`, results, 5));
  }
  return rows;
}

export async function training({ workshop, sizes, python }) {
  const servers = await startServers(workshop, python);
  return [...(await jobs({ servers, sizes })), ...(await batches({ servers, sizes }))];
}
