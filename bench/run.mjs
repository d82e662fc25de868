// npm run bench: measures the service against its peers, prints one table and writes bench/results/latest.json.
//   npm run bench -- mlflow access --rounds=7     some parts, other sizes (bench/lib/options.mjs)
//   BENCH_PYTHON   a Python with mlflow and psycopg2: MLflow's own server is measured beside ours
//   DATABASE_URL   a PostgreSQL that databases may be made on (default: an embedded one)
//   REDIS_URL      a Redis or Valkey: the gates are measured on it too
import os from 'node:os';
import { prepare } from '../scripts/lib/setup.mjs';
import { readOptions } from './lib/options.mjs';
import { circumstances, keepResults, resultsFile, tableOf } from './lib/report.mjs';
import { Workshop } from './lib/workshop.mjs';
import { access } from './parts/access.mjs';
import { artifacts } from './parts/artifacts.mjs';
import { audit } from './parts/audit.mjs';
import { client } from './parts/client.mjs';
import { doors } from './parts/doors.mjs';
import { gates } from './parts/gates.mjs';
import { hiddenObjects } from './parts/hidden.mjs';
import { lineage } from './parts/lineage.mjs';
import { registry } from './parts/registry.mjs';
import { search } from './parts/search.mjs';
import { start } from './parts/start.mjs';
import { training } from './parts/training.mjs';
import { mlflowVersion } from './peers/mlflow.mjs';

const parts = {
  training,
  registry,
  search,
  client,
  artifacts,
  doors,
  access,
  hidden: hiddenObjects,
  lineage,
  audit,
  gates,
  start,
};
/** Several parts by one name: the workloads of MLflow's clients. */
const groups = { mlflow: ['training', 'registry', 'search', 'client'] };

/** The Python to run MLflow with; nothing when none was given, which is said. */
function givenPython() {
  const python = process.env.BENCH_PYTHON;
  if (!python) {
    console.log('BENCH_PYTHON is not set: MLflow’s own server is not measured');
    return {};
  }
  const version = mlflowVersion(python);
  if (!version) throw new Error(`BENCH_PYTHON: ${python} cannot import mlflow and psycopg2`);
  return { python, version };
}

async function main() {
  const { parts: wanted, sizes } = readOptions(process.argv.slice(2), Object.keys(parts), groups);
  const { python, version } = givenPython();
  await prepare();
  const workshop = await Workshop.open();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, () => workshop.close().finally(() => process.exit(1)));
  const circumstance = { ...(await circumstances(workshop.server, sizes)), ...(version && { mlflow: version }) };
  const rows = [];
  try {
    for (const part of wanted) {
      console.log(`measuring: ${part} …`);
      const mark = workshop.undo.length;
      const measured = await parts[part]({ workshop, sizes, python });
      const own = measured.map((row) => ({ part, ...row }));
      rows.push(...own);
      // At once: what was measured counts, whatever happens to the rest.
      keepResults({ ...circumstance, loadAfter: os.loadavg()[0] }, own);
      await workshop.close(mark);
    }
  } finally {
    if (rows.length > 0) console.log(`${tableOf(rows)}\nwritten to ${resultsFile}`);
    await workshop.close();
  }
}

try {
  await main();
} catch (error) {
  console.error(`the benchmark failed: ${error.stack}`);
  process.exitCode = 1;
}
