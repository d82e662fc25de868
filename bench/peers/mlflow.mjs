// MLflow's own server on the same PostgreSQL, without authentication.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { freePort, startProgram } from '../lib/processes.mjs';
import { copyRuns } from './copy-runs.mjs';
import { RestServer } from './rest-server.mjs';

/** The ways it is run: as it comes, and in its fastest mode (uvicorn stalls kept-alive connections with several workers). */
const modes = {
  default: [],
  best: ['--workers', '2', '--gunicorn-opts', '--worker-class gthread --threads 8'],
};

/** The version of the mlflow that a Python has; undefined when it has none, or none that can use PostgreSQL. */
export function mlflowVersion(python) {
  try {
    const program = 'import mlflow, psycopg2; print(mlflow.__version__)';
    return execFileSync(python, ['-c', program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

export class Mlflow extends RestServer {
  /**
   * Starts the server in one mode; the database is made and filled by the first one.
   * @param {import('../lib/workshop.mjs').Workshop} workshop
   */
  static async start(workshop, python, mode, databaseUrl) {
    const server = new Mlflow();
    server.name = `mlflow ${mode}`;
    server.workshop = workshop;
    server.databaseUrl = databaseUrl;
    const port = await freePort();
    server.url = `http://127.0.0.1:${port}`;
    const folder = workshop.folder('mlflow');
    const { readyMs } = await workshop.keep(
      startProgram({
        name: server.name,
        command: python,
        args: [
          ...['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port)],
          ...['--backend-store-uri', databaseUrl.replace(/^postgres(ql)?:/, 'postgresql+psycopg2:')],
          ...['--artifacts-destination', path.join(folder, 'artifacts'), ...modes[mode]],
        ],
        // Its workers start Python by name.
        env: { PATH: `${path.dirname(python)}:${process.env.PATH}`, MLFLOW_DISABLE_TELEMETRY: 'true' },
        cwd: folder,
        log: path.join(folder, 'server.log'),
        health: `${server.url}/health`,
      }),
    );
    server.readyMs = readyMs;
    return server;
  }

  /** Copies version 1 of a model until it has `count` of them. */
  async copyVersions(model, count) {
    await this.workshop.query(
      this.databaseUrl,
      `INSERT INTO model_versions (workspace, name, version, creation_time, last_updated_time, description, current_stage,
         source, run_id, status, run_link, storage_location)
       SELECT workspace, name, n, creation_time, last_updated_time, description, current_stage, source, run_id, status,
         run_link, storage_location
       FROM model_versions, generate_series(2, $2::int4) AS n WHERE name = $1 AND version = 1`,
      [model, count],
    );
    await this.workshop.query(this.databaseUrl, 'VACUUM ANALYZE');
  }

  /** How many versions a model has, and its last number. */
  async versionsOf(model) {
    const { rows } = await this.workshop.query(
      this.databaseUrl,
      'SELECT count(*)::int4, max(version) AS last FROM model_versions WHERE name = $1',
      [model],
    );
    return rows[0];
  }

  /** Copies a run, with values of its own for each metric, until there are `count`. */
  copyRuns(run, count) {
    return copyRuns(this, run, count, {
      columns: 'experiment_id, name, source_type, user_id, status, lifecycle_stage, artifact_uri',
      id: 'run_uuid',
      params: 'params',
      tags: 'tags',
    });
  }

  /** Models with `versions` versions each, all of them with the tag "team" of one of a thousand. */
  async copyModels(prefix, models, versions) {
    const now = Date.now();
    await this.workshop.query(
      this.databaseUrl,
      `WITH made AS (
         INSERT INTO registered_models (workspace, name, creation_time, last_updated_time)
         SELECT 'default', $1 || '-' || n, $4::int8 - n, $4::int8 - n FROM generate_series(1, $2::int4) AS n
         RETURNING workspace, name, creation_time
       ), versions AS (
         INSERT INTO model_versions (workspace, name, version, creation_time, last_updated_time, current_stage, source, status)
         SELECT workspace, name, v, creation_time, creation_time, 'None', 's3://models/scorer', 'READY'
         FROM made, generate_series(1, $3::int4) AS v
         RETURNING workspace, name, version
       ), tags AS (
         INSERT INTO registered_model_tags (workspace, name, key, value)
         SELECT workspace, name, 'team', 'team ' || abs(hashtext(name)) % 1000 FROM made
       )
       INSERT INTO model_version_tags (workspace, name, version, key, value)
       SELECT workspace, name, version, 'team', 'team ' || abs(hashtext(name)) % 1000 FROM versions`,
      [prefix, models, versions, now],
    );
    await this.workshop.query(this.databaseUrl, 'VACUUM ANALYZE');
  }
}

/** The server in each of its modes, on one database; none without a Python that has it. */
export async function startMlflows(workshop, python) {
  if (!python) return [];
  const database = await workshop.database();
  const servers = [];
  // The best first: it makes the tables.
  for (const mode of Object.keys(modes).reverse()) {
    servers.push(await Mlflow.start(workshop, python, mode, database));
  }
  return servers;
}
