// Runs MLflow's tests against the service of scripts/with-service.mjs, and counts. Arguments go to pytest.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { serveReset } from './store.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const {
  MLFLOW_SOURCE: source,
  MLFLOW_PYTHON: python = 'python3',
  IMPRIMATUR_URL: service,
  ADMIN_TOKEN,
  MLFLOW_REPORT,
} = process.env;

/** Test ids by line; MLflow has moved one file into a folder of its own since 3.11. */
const testsOf = (list) =>
  fs
    .readFileSync(path.join(here, list), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((id) => {
      const [file, test] = id.split('::');
      const before = path.join(path.dirname(path.dirname(file)), path.basename(file));
      return `${fs.existsSync(path.join(source, file)) ? file : before}::${test}`;
    });
/** With --all also the tests about GenAI, of which nothing is required: how many pass is told. */
const extra = process.argv.slice(2).filter((argument) => argument !== '--all');
const genai = new Set(process.argv.includes('--all') ? testsOf('genai.txt') : []);
const tests = [...testsOf('required.txt'), ...genai];
/** Tests that are right to fail here, with the reason of each. By name, without the file. */
const exceptions = JSON.parse(fs.readFileSync(path.join(here, 'exceptions.json'), 'utf8'));
const exceptionOf = (id) => exceptions[id.split('::')[1]] ?? exceptions[id.split('::')[1].split('[')[0]];

/** A folder with the tests and without MLflow's sources, which would stand before the installed package. */
function makeWorkingFolder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'imprimatur-mlflow-tests-'));
  fs.symlinkSync(path.resolve(source, 'tests'), path.join(folder, 'tests'));
  fs.writeFileSync(path.join(folder, 'required.txt'), tests.join('\n'));
  // Some tests send requests without MLflow's client.
  const { hostname } = new URL(service);
  fs.writeFileSync(path.join(folder, 'netrc'), `machine ${hostname} login admin password ${ADMIN_TOKEN}\n`, {
    mode: 0o600,
  });
  return folder;
}

function pytest(folder, resetUrl, extra) {
  const options = ['-p', 'imprimatur_plugin', '-p', 'no:cacheprovider', '-c', '/dev/null', '--rootdir', folder];
  const files = [...new Set(tests.map((id) => id.split('::')[0]))];
  const env = {
    ...process.env,
    PYTHONPATH: here,
    PYTHONDONTWRITEBYTECODE: '1',
    NETRC: path.join(folder, 'netrc'),
    MLFLOW_TRACKING_TOKEN: ADMIN_TOKEN,
    MLFLOW_DISABLE_TELEMETRY: 'true',
    // A server error is a failure, not a reason to wait for minutes.
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: '1',
    MLFLOW_TESTS_ARTIFACTS: path.join(process.env.DATA_DIR, 'artifacts'),
    MLFLOW_TESTS_RESET: resetUrl,
    MLFLOW_TESTS_REQUIRED: path.join(folder, 'required.txt'),
    MLFLOW_TESTS_REPORT: path.join(folder, 'report.json'),
  };
  const args = ['-m', 'pytest', ...options, '--tb=short', '-q', '-W', 'ignore', ...extra, ...files];
  const child = spawn(python, args, { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => child.once('error', reject).once('exit', resolve));
}

/** Prints what failed, what is excepted, and the counts. @returns whether all is as it should be */
function conclude(outcomes) {
  const ids = Object.keys(outcomes)
    .filter((id) => !genai.has(id))
    .sort();
  const passed = ids.filter((id) => outcomes[id].outcome === 'passed');
  const excepted = ids.filter((id) => outcomes[id].outcome !== 'passed' && exceptionOf(id));
  const failed = ids.filter((id) => outcomes[id].outcome !== 'passed' && !exceptionOf(id));
  const stale = passed.filter(exceptionOf);
  for (const id of failed) console.log(`${outcomes[id].outcome}: ${id}`);
  for (const id of stale) console.log(`passes, and is listed in exceptions.json: ${id}`);
  console.log(`${excepted.length} more differ on purpose: scripts/mlflow-tests/exceptions.json has their reasons`);
  const others = [...genai].filter((id) => outcomes[id]?.outcome === 'passed');
  if (genai.size > 0) console.log(`of ${genai.size} tests about GenAI, which are not required, ${others.length} pass`);
  console.log(`${passed.length} passed, ${failed.length} failed`);
  return failed.length === 0 && stale.length === 0;
}

const reset = await serveReset({ databaseUrl: process.env.DATABASE_URL, dataDir: process.env.DATA_DIR });
const folder = makeWorkingFolder();
let code = 1;
try {
  await pytest(folder, reset.url, extra);
  const report = path.join(folder, 'report.json');
  if (!fs.existsSync(report)) console.log('pytest ended without a report: its last lines are above');
  else {
    if (MLFLOW_REPORT) fs.copyFileSync(report, MLFLOW_REPORT);
    code = conclude(JSON.parse(fs.readFileSync(report, 'utf8'))) ? 0 : 1;
  }
} finally {
  await reset.stop();
  fs.rmSync(folder, { recursive: true, force: true });
}
process.exit(code);
