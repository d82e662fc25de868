// W6, W7: searches in what has gathered over years.
import { load } from '../lib/load.mjs';
import { race, rowsOf } from '../lib/race.mjs';
import { duration, single } from '../lib/report.mjs';
import { alternate } from '../lib/rounds.mjs';
import { memoryOf } from '../peers/imprimatur.mjs';
import { fillers, startServers } from '../peers/servers.mjs';

const texts = (length, prefix) =>
  Array.from({ length }, (_, index) => ({ key: `${prefix}${index}`, value: `value ${index}` }));
const metrics = Array.from({ length: 10 }, (_, index) => ({ key: `m${index}`, value: 0, timestamp: 1, step: 0 }));

/** An experiment with runs of 10 metrics, 10 params and 4 tags each. @returns {Promise<string>} its id */
async function seedRuns(server, count) {
  const experiment = await server.experiment('search');
  const run_id = await server.run(experiment);
  await server.call(server.post('runs/log-batch', { run_id, metrics, params: texts(10, 'p'), tags: texts(4, 't') }));
  await server.copyRuns(run_id, count);
  return experiment;
}

const byMetric = { order_by: ['metrics.m0 DESC'] };
const rare = "params.p9 = 'rare value' AND metrics.m1 > 0";
const runQueries = [
  { name: '100 runs, the latest', search: { max_results: 100 } },
  { name: '100 runs by a metric', search: { max_results: 100, ...byMetric }, goal: 10 },
  { name: '1,000 runs by a metric', search: { max_results: 1000, ...byMetric }, goal: 10 },
  { name: '100 runs by a rare param and a metric', search: { max_results: 100, filter: rare, ...byMetric } },
];

/** The token of the page behind the first `before` runs. */
async function deepToken(server, search, before) {
  const { next_page_token } = await server.call(server.post('runs/search', { ...search, max_results: before }));
  return next_page_token;
}

/** W6. A page of thousands takes MLflow's server many seconds: one round. */
async function runSearches({ servers, sizes }) {
  const experiments = new Map();
  for (const server of fillers(servers)) experiments.set(server.databaseUrl, await seedRuns(server, sizes.runs));
  const inExperiment = (server, search) => ({ experiment_ids: [experiments.get(server.databaseUrl)], ...search });
  const requestsOf = (search) => (server) => () => server.post('runs/search', inExperiment(server, search));
  const rows = [];
  const what = (name) => `W6 of ${sizes.runs} runs: ${name}`;
  for (const { name, search, goal } of runQueries) {
    rows.push(...rowsOf(what(name), await race(servers, requestsOf(search), 1, sizes), goal));
  }

  const half = Math.min(sizes.runs / 2, 10_000);
  const tokens = new Map();
  for (const server of fillers(servers))
    tokens.set(server.databaseUrl, await deepToken(server, inExperiment(server, byMetric), half));
  const deep = (server) => {
    const search = { max_results: 100, ...byMetric, page_token: tokens.get(server.databaseUrl) };
    return requestsOf(search)(server);
  };
  rows.push(...rowsOf(what(`100 runs by a metric, behind ${half}`), await race(servers, deep, 1, sizes)));

  const many = Math.min(sizes.runs, 10_000);
  const once = { rounds: 1, seconds: sizes.seconds / 2 };
  const all = await race(servers, requestsOf({ max_results: many, ...byMetric }), 1, once);
  rows.push(...rowsOf(what(`${many} runs by a metric, one page`), all, 10));
  return rows;
}

const versionsOfModel = 5;
const modelQueries = [
  {
    name: 'models by a tag',
    call: 'registered-models/search',
    params: { filter: "tags.team = 'team 7'", max_results: 100 },
  },
  { name: 'versions, the latest changed', call: 'model-versions/search', params: { max_results: 100 } },
  { name: 'versions of a model', call: 'model-versions/search', params: { filter: "name = 'bench.registry.found-7'" } },
  {
    name: 'versions by a tag',
    call: 'model-versions/search',
    params: { filter: "tags.team = 'team 7'", max_results: 100 },
  },
];

const requestOf =
  ({ call, params }) =>
  (server) =>
  () =>
    server.request(call, params);

/** W7: against MLflow's server with the smaller number of versions; ourselves with the larger one against the smaller. */
async function modelSearches({ servers, sizes }) {
  const [few, many] = [Math.min(...sizes.found), Math.max(...sizes.found)];
  const [ours] = servers;
  for (const server of fillers(servers))
    await server.copyModels('bench.registry.found', few / versionsOfModel, versionsOfModel);
  const rows = [];
  const alone = new Map();
  const measure = (query) =>
    alternate(
      { ours: () => load({ ...sizes, url: ours.url, connections: 1, requestOf: requestOf(query)(ours) }) },
      sizes.rounds,
    );
  for (const query of modelQueries) {
    const results = await race(servers, requestOf(query), 1, sizes);
    rows.push(...rowsOf(`W7 ${query.name}, among ${few} versions`, results));
    alone.set(query, (await measure(query)).ours);
  }
  await ours.copyModels('bench.registry.found-later', (many - few) / versionsOfModel, versionsOfModel);
  for (const query of modelQueries) {
    const { p50: ms } = (await measure(query)).ours;
    const peer = { name: `among ${few}`, ms: alone.get(query).p50 };
    rows.push(duration(`W7 ${query.name}, among ${many} versions`, { ms }, peer, 1.5));
  }
  return rows;
}

export async function search({ workshop, sizes, python }) {
  const servers = await startServers(workshop, python);
  const rows = [...(await runSearches({ servers, sizes })), ...(await modelSearches({ servers, sizes }))];
  return [...rows, single('memory of the API after this load', await memoryOf(servers[0].url), 'MiB', 300)];
}
