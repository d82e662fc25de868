// What our doors cost: the same answers from a bare node:http and pg server.
import { fileURLToPath } from 'node:url';
import { exchange } from '../lib/load.mjs';
import { freePort, startProgram } from '../lib/processes.mjs';
import { race, rowsOf } from '../lib/race.mjs';
import { Imprimatur } from '../peers/imprimatur.mjs';

const bareServer = fileURLToPath(new URL('../peers/bare-server.mjs', import.meta.url));
const model = 'bench.registry.scorer';
const versions = 50;

const query = `query($model: String!) { model(fullName: $model) {
  fullName aliases { name version { number } }
  versions(first: 50) { nodes { number status stage createdAt aliases createdBy { name } metrics { name value step } } }
} }`;

/** A run of its own for each version, with the metrics of the given one. */
const giveRunsSql = `
  WITH made AS (
    INSERT INTO runs (id, experiment_id, name, user_id, start_time, artifact_uri)
    SELECT md5(v.id::text), r.experiment_id, r.name, r.user_id, r.start_time, r.artifact_uri
    FROM runs r, securables s JOIN model_versions v ON v.model_id = s.id WHERE s.full_name = $1 AND r.id = $2
    RETURNING id, experiment_id
  ), pointed AS (
    UPDATE model_versions v SET run_id = md5(v.id::text) FROM securables s WHERE s.id = v.model_id AND s.full_name = $1
  )
  INSERT INTO latest_metrics (run_id, experiment_id, key, value, timestamp, step)
  SELECT made.id, made.experiment_id, m.key, m.value, m.timestamp, m.step FROM made, latest_metrics m WHERE m.run_id = $2`;

/** A model with 50 versions, each of a run with 10 metrics, and 5 aliases. */
async function seed(workshop, ours) {
  await ours.model(model, 1);
  const run_id = await ours.run(await ours.experiment('training'));
  const metrics = Array.from({ length: 10 }, (_, index) => ({
    key: `m${index}`,
    value: index / 8,
    timestamp: 1,
    step: index,
  }));
  await ours.call(ours.post('runs/log-batch', { run_id, metrics }));
  await ours.copyVersions(model, versions);
  await workshop.query(ours.databaseUrl, giveRunsSql, [model, run_id]);
  for (const number of [10, 20, 30, 40]) {
    await ours.call(
      ours.post('registered-models/alias', { name: model, alias: `v-of-${number}`, version: String(number) }),
    );
  }
}

async function startBare(workshop, ours) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await workshop.keep(
    startProgram({
      name: 'the bare server',
      command: process.execPath,
      args: [bareServer, String(port), model],
      env: { DATABASE_URL: ours.databaseUrl },
      log: `${workshop.folder('bare')}/server.log`,
      health: `${url}/health`,
    }),
  );
  return { name: 'bare server', url, headers: ours.headers };
}

/** A comparison of different answers would be none. GraphQL adds the cost of the operation, which is taken off. */
async function requireSameBytes(ours, bare, oursRequest, bareRequest) {
  const [one, other] = await Promise.all([
    exchange(undefined, ours.url, oursRequest),
    exchange(undefined, bare.url, bareRequest),
  ]);
  const text = one.body
    .toString()
    .trim()
    .replace(/,"extensions":\{[^[\]]*\}$/, '}');
  const bareText = other.body.toString();
  if (text === bareText) return;
  const at = [...text].findIndex((character, index) => character !== bareText[index]);
  const around = (content) => content.slice(Math.max(0, at - 80), at + 80);
  throw new Error(`the bare server answers something else: ${around(text)}\nand not: ${around(bareText)}`);
}

export async function doors({ workshop, sizes }) {
  const ours = await Imprimatur.start(workshop);
  await seed(workshop, ours);
  const bare = await startBare(workshop, ours);
  const rows = [];

  const alias = ours.request('registered-models/alias', { name: model, alias: 'champion' });
  const document = JSON.stringify({ query, variables: { model } });
  const length = Buffer.byteLength(document);
  const headers = { ...ours.headers, 'content-type': 'application/json', 'content-length': length };
  const graphql = { method: 'POST', path: '/graphql', headers, body: document };
  const comparisons = [
    { what: 'version by alias', request: alias, goal: 0.6 },
    {
      what: 'version by alias, the bare server authenticates too',
      request: alias,
      bareRequest: { ...alias, path: `/authenticated${alias.path}` },
    },
    { what: 'GraphQL: model, 50 versions, metrics, aliases, creator', request: graphql, goal: 0.4 },
  ];
  for (const { what, request, bareRequest = request, goal } of comparisons) {
    await requireSameBytes(ours, bare, request, bareRequest);
    for (const connections of sizes.connections) {
      const requestsOf = (server) => () => (server === bare ? bareRequest : request);
      const results = await race([ours, bare], requestsOf, connections, sizes);
      rows.push(...rowsOf(`${what}, ${connections} connections`, results, connections === 32 ? goal : undefined));
    }
  }
  return rows;
}
