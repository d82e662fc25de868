// Tracking over MLflow's REST surface, against MLflow's own server on the same PostgreSQL.
import { race, rowsOf } from '../lib/race.mjs';
import { Imprimatur } from '../peers/imprimatur.mjs';
import { startMlflows } from '../peers/mlflow.mjs';

/** A training job sends one batch after the other: few connections, each with a run of its own. */
const trainingJobs = 4;
const metricsOfBatch = 1000;

const batches = [
  { name: 'log-batch of 1,000 metrics, 10 keys', keys: 10 },
  { name: 'log-batch of 1,000 metrics, 1,000 keys', keys: metricsOfBatch },
];

/** Every batch goes on where the last one of its run has ended. */
function metricsOf(keys, sequence) {
  const steps = metricsOfBatch / keys;
  return Array.from({ length: metricsOfBatch }, (_, index) => {
    const step = sequence * steps + Math.floor(index / keys);
    return { key: `m${index % keys}`, value: Math.sin(index + sequence), timestamp: 1_760_000_000_000 + step, step };
  });
}

/** Numbers its own batches: a round must not send what an earlier one has sent. */
function batchesFor(server, keys, runs) {
  const sent = runs.map(() => 0);
  return (connection) =>
    server.post('runs/log-batch', { run_id: runs[connection], metrics: metricsOf(keys, sent[connection]++) });
}

/** An experiment with runs of 10 metrics, 10 params and 4 tags each. @returns {Promise<string>} its id */
async function seedRuns(server, count) {
  const experiment = await server.experiment('search');
  const texts = (length, prefix) =>
    Array.from({ length }, (_, index) => ({ key: `${prefix}${index}`, value: `value ${index}` }));
  const one = async (number) => {
    const run_id = await server.run(experiment);
    const metrics = Array.from({ length: 10 }, (_, index) => {
      const value = Math.sin(number * 10 + index);
      return { key: `m${index}`, value, timestamp: 1_760_000_000_000, step: 0 };
    });
    await server.call(server.post('runs/log-batch', { run_id, metrics, params: texts(10, 'p'), tags: texts(4, 't') }));
  };
  let next = 0;
  const writer = async () => {
    while (next < count) await one(next++);
  };
  await Promise.all(Array.from({ length: 8 }, writer));
  return experiment;
}

export async function tracking({ workshop, sizes, python }) {
  const servers = [await Imprimatur.start(workshop), ...(await startMlflows(workshop, python))];
  const rows = [];
  for (const { name, keys } of batches) {
    const runs = new Map();
    for (const server of servers) {
      const experiment = await server.experiment(`${name} ${server.name}`);
      runs.set(server, await Promise.all(Array.from({ length: trainingJobs }, () => server.run(experiment))));
    }
    const results = await race(servers, (server) => batchesFor(server, keys, runs.get(server)), trainingJobs, sizes);
    rows.push(...rowsOf(`${name}, ${trainingJobs} connections`, results, 5));
  }

  const experiments = new Map();
  for (const server of servers.slice(0, 2)) experiments.set(server.databaseUrl, await seedRuns(server, sizes.runs));
  const search = (server) => () =>
    server.post('runs/search', {
      experiment_ids: [experiments.get(server.databaseUrl)],
      max_results: sizes.runs,
      order_by: ['metrics.m0 DESC'],
    });
  const results = await race(servers, search, 1, sizes);
  rows.push(...rowsOf(`search of ${sizes.runs} runs, ordered by a metric, 1 connection`, results, 10));
  return rows;
}
