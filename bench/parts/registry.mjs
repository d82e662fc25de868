// W3, W4, W5: what is asked of the registry while it serves, promotes and registers.
import { load } from '../lib/load.mjs';
import { race, rowsOf } from '../lib/race.mjs';
import { single, throughput } from '../lib/report.mjs';
import { alternate } from '../lib/rounds.mjs';
import { memoryOf } from '../peers/imprimatur.mjs';
import { fillers, startServers } from '../peers/servers.mjs';

const modelOf = (versions) => `bench.registry.model-${versions}`;
const source = 's3://models/scorer';
const registeringClients = [1, 16, 64];

const reads = {
  alias: (server, name) => server.request('registered-models/alias', { name, alias: 'champion' }),
  model: (server, name) => server.request('registered-models/get', { name }),
  version: (server, name) => server.request('model-versions/get', { name, version: '1' }),
  uri: (server, name) => server.request('model-versions/get-download-uri', { name, version: '1' }),
};

/** What load_model("models:/NAME@champion") asks before the first file. */
const ofLoad = [reads.alias, reads.model, reads.uri];

const resolutions = [
  { name: 'W3 version by alias', goal: 10, requestOf: (server, name) => () => reads.alias(server, name) },
  { name: 'W3 registered-models/get', goal: 10, requestOf: (server, name) => () => reads.model(server, name) },
  { name: 'W3 model-versions/get', goal: 10, requestOf: (server, name) => () => reads.version(server, name) },
  {
    name: 'W3 models:/NAME@champion (alias, model, download URI in turn)',
    requestOf: (server, name) => (_, sequence) => ofLoad[sequence % ofLoad.length](server, name),
  },
];

/** A promotion changes something each time: versions 1 and 2 in turn. A set moves the connection's own alias. */
const promotions = [
  {
    name: 'W4 alias set',
    requestOf: (server, name) => (connection, sequence) =>
      server.post('registered-models/alias', { name, alias: `a${connection}`, version: String(1 + (sequence % 2)) }),
  },
  {
    name: 'W4 set-tag of a version',
    requestOf: (server, name) => (connection, sequence) =>
      server.post('model-versions/set-tag', { name, version: '1', key: `t${connection}`, value: String(sequence) }),
  },
  {
    name: 'W4 transition-stage',
    requestOf: (server, name) => (_, sequence) => {
      const stage = sequence % 2 ? 'Staging' : 'Production';
      const wanted = { name, version: '2', stage, archive_existing_versions: false };
      return server.post('model-versions/transition-stage', wanted);
    },
  },
];

/** How our own time grows with the number of versions, measured in turn. */
async function growthRow(ours, { name, requestOf }, connections, { versions, rounds, seconds }) {
  const [few, many] = [Math.min(...versions), Math.max(...versions)];
  const contender = (count) => () =>
    load({ url: ours.url, connections, seconds, requestOf: requestOf(ours, modelOf(count)) });
  const results = await alternate({ few: contender(few), many: contender(many) }, rounds);
  const row = throughput(`${name}: ${many} versions against ${few}`, results.many, {
    name: `${few} versions`,
    ...results.few,
  });
  // 1.2 times our own time is 1 / 1.2 of the throughput.
  return { ...row, goal: 'at least 0.83', met: row.ratio >= 1 / 1.2 };
}

async function rowsOfOperations(operations, connections, { servers, sizes }) {
  const rows = [];
  for (const operation of operations) {
    for (const count of sizes.versions) {
      const requestsOf = (server) => operation.requestOf(server, modelOf(count));
      const results = await race(servers, requestsOf, connections, sizes);
      rows.push(...rowsOf(`${operation.name}, ${count} versions, ${connections} connections`, results, operation.goal));
    }
    rows.push(await growthRow(servers[0], operation, connections, sizes));
  }
  return rows;
}

/** W3, on models that the next workloads use too. */
async function resolution({ servers, sizes }) {
  for (const server of fillers(servers)) {
    for (const count of sizes.versions) await server.model(modelOf(count), count);
  }
  return rowsOfOperations(resolutions, 32, { servers, sizes });
}

/** W4. */
const promotion = ({ servers, sizes }) => rowsOfOperations(promotions, 4, { servers, sizes });

/** Numbers are given once each, and none is left out, whoever registers at the same moment. */
async function requireEveryNumber(server, name) {
  const { count, last } = await server.versionsOf(name);
  if (count !== last) throw new Error(`${server.name}: ${name} has ${count} versions, and the last one is ${last}`);
}

/** W5. */
async function registration({ servers, sizes }) {
  const rows = [];
  for (const connections of registeringClients) {
    const name = `bench.registry.registered-${connections}`;
    for (const server of fillers(servers)) await server.model(name, 1);
    const requestsOf = (server) => () => server.post('model-versions/create', { name, source });
    const results = await race(servers, requestsOf, connections, sizes);
    for (const server of fillers(servers)) await requireEveryNumber(server, name);
    const what = `W5 register versions of one model, ${connections} connections`;
    rows.push(...rowsOf(what, results, connections === 16 ? 8 : undefined));
  }
  return rows;
}

export async function registry({ workshop, sizes, python }) {
  const servers = await startServers(workshop, python);
  const rows = [];
  for (const workload of [resolution, promotion, registration]) rows.push(...(await workload({ servers, sizes })));
  return [...rows, single('memory of the API after this load', await memoryOf(servers[0].url), 'MiB', 300)];
}
