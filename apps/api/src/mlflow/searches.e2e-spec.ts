import fs from 'node:fs';
import path from 'node:path';
import { createRegistryDoor, type RegistryDoor } from '../../../../test/support/registry-door.js';

interface Recorded {
  search: string;
  filter?: string;
  order_by?: string;
  status: number;
  found?: string[];
}

const recorded = JSON.parse(fs.readFileSync(path.resolve(__dirname, 'searches.json'), 'utf8')) as Recorded[];

/** What this service answers on purpose in another way, by search and text. */
const here: Readonly<Record<string, 200 | 400>> = {
  // More is taken: a prefix that says what the key is, and whether there is a value.
  "experiments/search attributes.name = 'searched'": 200,
  "experiments/search attr.name = 'searched'": 200,
  'registered-models/search attribute.name': 200,
  'registered-models/search `name`': 200,
  "logged-models/search status = 'PENDING'": 200,
  "logged-models/search status = 'LOGGED_MODEL_PENDING'": 200,
  'logged-models/search params.p IS NULL': 200,
  'logged-models/search tags.t IS NULL': 200,
  'logged-models/search tags.t IS NOT NULL': 200,
  'logged-models/search attributes.name': 200,
  'logged-models/search name DESC': 200,
  // A mistake is refused: there the server fails with 500, or leaves out what it does not understand.
  "logged-models/search creation_timestamp = '1'": 400,
  "logged-models/search metrics.m = 'a'": 400,
  'logged-models/search params.p = 1': 400,
  'logged-models/search name = logged': 400,
  "model-versions/search run_id IN ('r1' 'r2')": 400,
  'model-versions/search tags.k IS NULL': 400,
  'registered-models/search tags.k IS NULL': 400,
  "registered-models/search name = 'a' AND": 400,
  "runs/search tags.t = 'a' AND": 400,
  "runs/search AND tags.t = 'a'": 400,
  // Columns of its table that are no attributes of a logged model; the search names its experiments, and finds none that are deleted.
  "logged-models/search experiment_id = '1'": 400,
  "logged-models/search lifecycle_stage = 'active'": 400,
  'logged-models/search experiment_id': 400,
};

/** Everybody who may call MLflow's server sees its first experiment; here those see it to whom it was granted. */
const withoutDefault = ({ found }: Recorded) => (found ? { found: found.filter((name) => name !== 'Default') } : {});

/** Recorded from MLflow's server on PostgreSQL by scripts/mlflow-tests/record_searches.py, which makes the same things. */
describe('searches as MLflow’s server answers them', () => {
  let d: RegistryDoor;
  let experiment: string;
  const ok = async (path: string, body: object) => {
    const answer = await d.post(path, body);
    if (answer.status !== 200) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };

  beforeAll(async () => {
    d = await createRegistryDoor();
    const made = { name: 'searched', tags: [{ key: 'k', value: 'v' }] };
    experiment = (await ok('experiments/create', made)).experiment_id;
    const runs = [
      { run_name: 'one', start_time: 10, metric: 1, param: 'x', tag: 'a' },
      { run_name: 'two', start_time: 20, metric: 2, param: 'y', tag: 'b' },
      { run_name: 'three', start_time: 30 },
    ];
    for (const { metric, param, tag, ...run } of runs) {
      const { run_id } = (await ok('runs/create', { experiment_id: experiment, user_id: 'u', ...run })).run.info;
      if (metric === undefined) {
        await ok('runs/update', { run_id, status: 'FINISHED', end_time: 40 });
        continue;
      }
      await ok('runs/log-batch', {
        run_id,
        metrics: [{ key: 'm', value: metric, timestamp: 1, step: 0 }],
        params: [{ key: 'p', value: param }],
        tags: [
          { key: 't', value: tag },
          { key: 'a b', value: 'c' },
        ],
      });
      const dataset = { name: 'd', digest: `${metric}`, source_type: 's', source: '{}' };
      await ok('runs/log-inputs', {
        run_id,
        datasets: [{ dataset, tags: [{ key: 'mlflow.data.context', value: 'train' }] }],
      });
    }
    const tags = [{ key: 'k', value: 'v' }];
    await ok('registered-models/create', { name: 'searched-model', tags });
    await ok('registered-models/create', { name: 'other-model' });
    const version = { name: 'searched-model' };
    await ok('model-versions/create', { ...version, source: 's3://b/1', run_id: 'r1', tags });
    await ok('model-versions/create', { ...version, source: 's3://b/2', run_id: 'r2' });
    for (const [name, param, tag] of [
      ['logged', 'x', 'a'],
      ['other', 'y', 'b'],
    ]) {
      const params = [{ key: 'p', value: param }];
      const given = { name, model_type: 'agent', params, tags: [{ key: 't', value: tag }] };
      await ok('logged-models', { experiment_id: experiment, ...given });
    }
  });
  afterAll(() => d.close());

  async function answerTo({ search, filter, order_by }: Recorded): Promise<Recorded> {
    const given = { max_results: '100', ...(filter !== undefined && { filter }) };
    const order =
      order_by === undefined ? {} : { order_by: search.startsWith('logged') ? [{ field_name: order_by }] : order_by };
    const within = /^(runs|logged)/.test(search) ? { experiment_ids: [experiment] } : {};
    const { status, body } = /^(registered|model-v)/.test(search)
      ? await d.get(search, { ...given, ...(order_by !== undefined && { order_by }) })
      : await d.post(search, { ...given, ...order, ...within });
    const asked = { search, ...(filter !== undefined && { filter }), ...(order_by !== undefined && { order_by }) };
    if (status !== 200) return { ...asked, status };
    type Item = { name?: string; version?: string; info?: { run_name?: string; name?: string } };
    const items = ['runs', 'experiments', 'registered_models', 'model_versions', 'models'].flatMap(
      (field) => (body[field] as Item[] | undefined) ?? [],
    );
    const nameOf = ({ name, version, info }: Item) =>
      info ? (info.run_name ?? info.name) : version ? `${name}/${version}` : name;
    return { ...asked, status, found: items.map((item) => String(nameOf(item))) };
  }

  it.each(['runs', 'experiments', 'registered-models', 'model-versions', 'logged-models'])('of %s', async (things) => {
    const differences: Recorded[] = [];
    for (const theirs of recorded.filter(({ search }) => search === `${things}/search`)) {
      const ours = await answerTo(theirs);
      const expected = here[`${theirs.search} ${theirs.filter ?? theirs.order_by}`];
      const isAsTheirs = JSON.stringify(ours) === JSON.stringify({ ...theirs, ...withoutDefault(theirs) });
      if (expected === undefined ? !isAsTheirs : isAsTheirs || ours.status !== expected) differences.push(ours);
    }
    expect(differences).toEqual([]);
  });
});
