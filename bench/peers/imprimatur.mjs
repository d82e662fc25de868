// Our service, as it is started anywhere else: the compiled API and worker, with the default settings.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { ensure, graphql } from '../../scripts/demo/service.mjs';
import { root } from '../../scripts/lib/setup.mjs';
import { freePort, startProgram } from '../lib/processes.mjs';
import { copyRuns } from './copy-runs.mjs';
import { RestServer } from './rest-server.mjs';

const compiled = (entry) => path.join(root, 'dist/apps', entry);
const adminToken = 'bench_administrator_token';
const schema = { catalog: 'bench', schema: 'registry' };
/** What the person who sends the load holds on the catalog, by a group. */
const privileges = [
  ...['USE_CATALOG', 'USE_SCHEMA', 'EXECUTE', 'APPROVE_PROMOTION', 'REQUEST_PROMOTION'],
  ...['CREATE_MODEL', 'CREATE_MODEL_VERSION', 'SET_ALIAS', 'MANAGE_POLICY'],
];

const mutation = (field, input, answer = '') =>
  `mutation { ${field}(input: { ${input} }) { ${answer} errors { __typename code message } } }`;

/** One installation on a database of its own, with a group of people who may do everything in the catalog `bench`. */
export class Imprimatur extends RestServer {
  name = 'imprimatur';

  /** @param {import('../lib/workshop.mjs').Workshop} workshop */
  static async start(workshop, env = {}) {
    const service = new Imprimatur();
    service.workshop = workshop;
    service.databaseUrl = await workshop.migratedDatabase();
    const [PORT, WORKER_PORT] = [await freePort(), await freePort()].map(String);
    service.env = {
      DATABASE_URL: service.databaseUrl,
      DATA_DIR: workshop.folder('data'),
      REDIS_URL: '',
      BOOTSTRAP_ADMIN_TOKEN: adminToken,
      PORT,
      WORKER_PORT,
      ...env,
    };
    await promisify(execFile)(process.execPath, [compiled('api/src/bootstrap.js')], {
      cwd: root,
      env: { ...process.env, ...service.env },
    });
    service.url = `http://127.0.0.1:${PORT}`;
    service.workerUrl = `http://127.0.0.1:${WORKER_PORT}`;
    await service.startApi();
    service.tokens = await service.people(['ada', 'grace', 'linus']);
    service.headers = { authorization: `Bearer ${service.tokens.ada}` };
    return service;
  }

  async startApi() {
    await this.startProcess('API', 'api/src/main.js', this.url);
  }

  async startWorker() {
    await this.startProcess('worker', 'worker/src/main.js', this.workerUrl);
  }

  startProcess(name, entry, url) {
    const log = path.join(this.env.DATA_DIR, `${name}.log`);
    const program = { name: `the ${name}`, command: process.execPath, args: [compiled(entry)], env: this.env, log };
    return this.workshop.keep(startProgram({ ...program, health: `${url}/health/ready` }));
  }

  graphql(query, variables, token = this.tokens.ada) {
    return graphql(this, token, query, variables);
  }

  /** Makes the people, their group `engineers` with all it needs, and the schema `bench.registry`. */
  async people(names) {
    const admin = (query) => ensure(this, adminToken, query);
    await admin(mutation('groupCreate', 'name: "engineers"'));
    const tokens = {};
    for (const name of names) {
      await admin(mutation('userCreate', `name: "${name}"`));
      await admin(mutation('groupMemberAdd', `group: "engineers", member: "${name}"`));
      const answer = await admin(mutation('accessTokenCreate', `name: "bench", principal: "${name}"`, 'token'));
      tokens[name] = answer.accessTokenCreate.token;
    }
    await admin(mutation('catalogCreate', `name: "${schema.catalog}"`));
    await admin(mutation('schemaCreate', `catalog: "${schema.catalog}", name: "${schema.schema}"`));
    for (const privilege of privileges) {
      const on = `securable: { kind: CATALOG, fullName: "${schema.catalog}" }`;
      await admin(mutation('grantCreate', `principal: "engineers", privilege: ${privilege}, ${on}`));
    }
    return tokens;
  }

  /** Somebody who is in no group and holds nothing. @returns {Promise<string>} a token of his */
  async stranger(name) {
    await ensure(this, adminToken, mutation('userCreate', `name: "${name}"`));
    const answer = await ensure(
      this,
      adminToken,
      mutation('accessTokenCreate', `name: "bench", principal: "${name}"`, 'token'),
    );
    return answer.accessTokenCreate.token;
  }

  /** Writes a file among the artifacts of a run. */
  async upload(run_id, file, content) {
    const { run } = await this.call(this.request('runs/get', { run_id }));
    const folder = run.info.artifact_uri.replace('mlflow-artifacts:/', '/api/2.0/mlflow-artifacts/artifacts/');
    await this.call({ method: 'PUT', path: `${folder}/${file}`, headers: this.headers, body: content });
  }

  /** Copies version 1 of a model until it has `count` of them. */
  async copyVersions(model, count) {
    await this.workshop.query(
      this.databaseUrl,
      `INSERT INTO model_versions (id, model_id, number, status, stage, source, run_id, created_by)
       SELECT gen_random_uuid(), v.model_id, n, v.status, v.stage, v.source, v.run_id, v.created_by
       FROM securables s JOIN model_versions v ON v.model_id = s.id AND v.number = 1, generate_series(2, $2::int4) AS n
       WHERE s.full_name = $1`,
      [model, count],
    );
    await this.workshop.query(
      this.databaseUrl,
      'UPDATE registered_models SET last_version = $2 WHERE id = (SELECT id FROM securables WHERE full_name = $1)',
      [model, count],
    );
    await this.workshop.query(this.databaseUrl, 'VACUUM ANALYZE');
  }

  /** How many versions a model has, and its last number. */
  async versionsOf(model) {
    const { rows } = await this.workshop.query(
      this.databaseUrl,
      `SELECT count(*)::int4, max(v.number) AS last
       FROM securables s JOIN model_versions v ON v.model_id = s.id WHERE s.full_name = $1`,
      [model],
    );
    return rows[0];
  }

  /** Copies a run, with values of its own for each metric, until there are `count`. */
  copyRuns(run, count) {
    return copyRuns(this, run, count, {
      columns: 'experiment_id, name, user_id, principal_id, status, lifecycle_stage, artifact_uri',
      id: 'run_id',
      ofRun: 'id',
      ofLatest: 'experiment_id',
      params: 'run_params',
      tags: 'run_tags',
    });
  }

  /** Models with `versions` versions each, all of them with the tag "team" of one of a thousand. */
  async copyModels(prefix, models, versions) {
    await this.workshop.query(
      this.databaseUrl,
      `WITH named AS (
         SELECT md5($1 || n)::uuid AS id, $1 || '-' || n AS model, now() - n * interval '1 ms' AS at FROM generate_series(1, $2::int4) AS n
       ), made AS (
         INSERT INTO securables (id, kind, parent_id, catalog_id, schema_id, name, full_name, full_name_key, owner_id, created_at, updated_at)
         SELECT n.id, 'REGISTERED_MODEL', s.id, s.catalog_id, s.id, split_part(n.model, '.', 3), n.model, n.model, s.owner_id, n.at, n.at
         FROM named n, securables s WHERE s.full_name = $4 AND s.kind = 'SCHEMA'
       ), registered AS (
         INSERT INTO registered_models (id, last_version) SELECT id, $3 FROM named
       ), tags AS (
         INSERT INTO securable_tags (securable_id, key, value) SELECT id, 'team', 'team ' || abs(hashtext(model)) % 1000 FROM named
       ), versions AS (
         INSERT INTO model_versions (id, model_id, number, status, source, created_at, updated_at)
         SELECT gen_random_uuid(), id, v, 'READY', 's3://models/scorer', at, at FROM named, generate_series(1, $3::int4) AS v
         RETURNING id, model_id
       )
       INSERT INTO model_version_tags (version_id, key, value)
       SELECT v.id, 'team', 'team ' || abs(hashtext(n.model)) % 1000 FROM versions v JOIN named n ON n.id = v.model_id`,
      [prefix, models, versions, `${schema.catalog}.${schema.schema}`],
    );
    await this.workshop.query(this.databaseUrl, 'VACUUM ANALYZE');
  }
}

/** Resident memory of the API or the worker at `url` in MiB, as it tells it itself. */
export async function memoryOf(url) {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)[1]) / 2 ** 20;
}
