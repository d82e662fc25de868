// npm run test:mlflow: MLflow's own tests against this service, in a database of its own. Not part of npm test.
//   MLFLOW_PYTHON  a Python that has the packages of docs/mlflow-compatibility.md (default: python3)
//   MLFLOW_SOURCE  a checkout of MLflow's repository, at the tag of the installed mlflow: its tests are in no package
//   DATABASE_URL   a server on which a database may be made (default: a temporary embedded one)
//   MLFLOW_REPORT  a file for what came of each test, as JSON (default: none)
// Arguments go to pytest:
//   npm run test:mlflow -- -k search_runs
// and --all adds MLflow's tests about GenAI, of which none is required.
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../lib/embedded-postgres.mjs';
import { exitCodeOf } from '../lib/setup.mjs';

const source = process.env.MLFLOW_SOURCE;
if (!source || !fs.existsSync(path.join(source, 'tests/tracking'))) {
  console.error(
    `MLFLOW_SOURCE is ${source ? `"${source}", which has no folder tests/tracking` : 'not set'}: set it to a checkout of https://github.com/mlflow/mlflow, at the tag of the mlflow that MLFLOW_PYTHON has`,
  );
  process.exit(2);
}

async function onServer(url, statement) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}

const embedded = process.env.DATABASE_URL ? undefined : await startEmbeddedPostgres({ temporary: true });
const server = process.env.DATABASE_URL ?? embedded.url;
// The tests empty the database again and again: never the one that is named.
const name = `imprimatur_mlflow_tests_${randomBytes(4).toString('hex')}`;
const url = new URL(server);
url.pathname = `/${name}`;

await onServer(server, `CREATE DATABASE ${name}`);
const suite = ['scripts/with-service.mjs', process.execPath, 'scripts/mlflow-tests/suite.mjs'];
// Receivers of webhooks are on this machine, and some fail on purpose: the tests wait a few seconds for them.
const settings = {
  OUTBOUND_ALLOW: '127.0.0.0/8,::1/128',
  RECONCILE_SECONDS: '0.5',
  WEBHOOK_FIRST_PAUSE_SECONDS: '0.5',
};
const env = { ...settings, DATABASE_URL: url.href };
const code = await exitCodeOf(process.execPath, [...suite, ...process.argv.slice(2)], env);
await onServer(server, `DROP DATABASE ${name} WITH (FORCE)`);
await embedded?.stop();
process.exit(code);
