// The registry over MLflow's REST surface, against MLflow's own server on the same PostgreSQL.
import { load } from '../lib/load.mjs';
import { race, rowsOf } from '../lib/race.mjs';
import { single, throughput } from '../lib/report.mjs';
import { alternate } from '../lib/rounds.mjs';
import { Imprimatur, memoryOf } from '../peers/imprimatur.mjs';
import { startMlflows } from '../peers/mlflow.mjs';

const modelOf = (versions) => `bench.registry.model-${versions}`;

/** What is asked for, and the goal against the best of MLflow's modes. A set moves the connection's own alias each time. */
const operations = [
  {
    name: 'version by alias',
    goal: 10,
    requestOf: (server, name) => () => server.request('registered-models/alias', { name, alias: 'champion' }),
  },
  {
    name: 'registered-models/get',
    goal: 10,
    requestOf: (server, name) => () => server.request('registered-models/get', { name }),
  },
  {
    name: 'model-versions/get',
    goal: 10,
    requestOf: (server, name) => () => server.request('model-versions/get', { name, version: '1' }),
  },
  {
    name: 'alias set',
    requestOf: (server, name) => (connection, sequence) =>
      server.post('registered-models/alias', { name, alias: `a${connection}`, version: String(1 + (sequence % 2)) }),
  },
];

const registration = {
  name: 'register a version',
  goal: 8,
  requestOf: (server, name) => () => server.post('model-versions/create', { name, source: 's3://models/scorer' }),
};

const requestsOf =
  ({ requestOf }, model) =>
  (server) =>
    requestOf(server, model);

/** How our own time grows with the number of versions, measured in turn. */
async function growthRows(ours, operation, { versions, rounds, seconds, connections: [connections] }) {
  const [few, many] = [Math.min(...versions), Math.max(...versions)];
  if (few === many) return [];
  const contender = (count) => () =>
    load({ url: ours.url, connections, seconds, requestOf: operation.requestOf(ours, modelOf(count)) });
  const results = await alternate({ few: contender(few), many: contender(many) }, rounds);
  const what = `${operation.name}: ${many} versions against ${few}, ${connections} connections`;
  const row = throughput(what, results.many, { name: `${few} versions`, ...results.few });
  // 1.2 times our own time is 1 / 1.2 of the throughput.
  return [{ ...row, goal: 'at least 0.83', met: row.ratio >= 1 / 1.2 }];
}

export async function registry({ workshop, sizes, python }) {
  const ours = await Imprimatur.start(workshop);
  const servers = [ours, ...(await startMlflows(workshop, python))];
  // The modes of MLflow share a database: the first one fills it.
  for (const server of servers.slice(0, 2)) {
    for (const count of sizes.versions) await server.model(modelOf(count), count);
    await server.model('bench.registry.registered', 1);
  }

  const rows = [];
  for (const operation of operations) {
    for (const count of sizes.versions) {
      for (const connections of sizes.connections) {
        const results = await race(servers, requestsOf(operation, modelOf(count)), connections, sizes);
        const goal = connections === 32 ? operation.goal : undefined;
        rows.push(...rowsOf(`${operation.name}, ${count} versions, ${connections} connections`, results, goal));
      }
    }
    rows.push(...(await growthRows(ours, operation, sizes)));
  }
  for (const connections of sizes.connections) {
    const results = await race(servers, requestsOf(registration, 'bench.registry.registered'), connections, sizes);
    const goal = connections === 32 ? registration.goal : undefined;
    rows.push(...rowsOf(`${registration.name}, ${connections} connections`, results, goal));
  }
  rows.push(single('memory of the API after this load', await memoryOf(ours.url), 'MiB', 300));
  return rows;
}
