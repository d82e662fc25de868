// Plays programs of data scientists against a running service, each in a process and a folder of its own. README.md
// beside this file says what a program is given.
//   node scripts/with-service.mjs node test/clients/run.mjs                   all programs of this folder
//   node scripts/with-service.mjs node test/clients/run.mjs sklearn_manual    those that are named
//   node scripts/with-service.mjs node test/clients/run.mjs slow              those of the folder slow
//   CLIENT_PYTHON  a Python with the packages of requirements.txt (default: python3)
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setTheStage } from './stage.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const { CLIENT_PYTHON: python = 'python3', IMPRIMATUR_URL, ADMIN_TOKEN } = process.env;
/** Most of the time of a program is the import of its libraries: two keep a small machine busy. */
const atOnce = 2;
const minutes = { '': 5, slow: 20 };

const programsIn = (folder) =>
  fs
    .readdirSync(path.join(here, folder))
    .filter((name) => name.endsWith('.py'))
    .sort()
    .map((name) => ({ name: name.slice(0, -'.py'.length), folder, file: path.join(here, folder, name) }));

/** The programs that the arguments ask for; one that nobody knows ends the run. */
function chosen(names) {
  if (names.length === 0) return programsIn('');
  const all = [...programsIn(''), ...programsIn('slow')];
  return names.flatMap((name) => {
    const found = name === 'slow' ? programsIn('slow') : all.filter((program) => program.name === name);
    if (found.length > 0) return found;
    console.error(
      `"${name}" is no program: there are slow (a folder), ${all.map((program) => program.name).join(', ')}`,
    );
    return process.exit(2);
  });
}

/** What the programs run on, for whoever reads the log. */
async function versions() {
  const script = `
import importlib.metadata as metadata, sys
names = "mlflow scikit-learn pandas xgboost lightgbm pyspark databricks-sdk".split()
found = [(name, next((d.version for d in metadata.distributions(name=name)), None)) for name in names]
print("Python", sys.version.split()[0] + ",", ", ".join(f"{name} {version}" for name, version in found if version))`;
  return (await promisify(execFile)(python, ['-c', script])).stdout.trim();
}

/** Nothing of the caller's own MLflow, nor of his folders, is seen by a program. */
function environment(home, given) {
  const own = Object.entries(process.env).filter(([name]) => !/^(MLFLOW|DATABRICKS)_/.test(name));
  return {
    ...Object.fromEntries(own),
    HOME: home,
    MPLBACKEND: 'Agg',
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
    GIT_PYTHON_REFRESH: 'quiet',
    MLFLOW_DISABLE_TELEMETRY: 'true',
    // A server error is a failure, and not hidden behind a second try.
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
    ...given,
  };
}

/** @returns {Promise<{ passed: boolean, output: string, seconds: number }>} */
function play(program, env, cwd) {
  const begun = Date.now();
  const child = spawn(python, [program.file], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
  const stop = () => process.kill(-child.pid, 'SIGKILL');
  const limit = setTimeout(() => {
    output.push(Buffer.from(`\nended after ${minutes[program.folder]} minutes\n`));
    stop();
  }, minutes[program.folder] * 60_000);
  process.once('exit', stop);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(limit);
      process.off('exit', stop);
      resolve({ passed: code === 0, output: Buffer.concat(output).toString(), seconds: (Date.now() - begun) / 1000 });
    });
  });
}

async function playAll(programs, given, scratch) {
  const waiting = [...programs];
  const failed = [];
  const worker = async () => {
    for (let program = waiting.shift(); program; program = waiting.shift()) {
      const cwd = fs.mkdtempSync(path.join(scratch, `${program.name}-`));
      const { passed, output, seconds } = await play(program, environment(scratch, given), cwd);
      console.log(`${passed ? 'passed' : 'FAILED'}  ${program.name}  (${seconds.toFixed(1)} s)`);
      if (passed) continue;
      failed.push(program);
      console.log(output.trimEnd().replace(/^/gm, '    '));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return failed.length;
}

if (!IMPRIMATUR_URL || !ADMIN_TOKEN) {
  console.error('IMPRIMATUR_URL and ADMIN_TOKEN are needed: run it under scripts/with-service.mjs');
  process.exit(2);
}
const programs = chosen(process.argv.slice(2));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'imprimatur-clients-'));
process.once('exit', () => fs.rmSync(scratch, { recursive: true, force: true, maxRetries: 3 }));

console.log(await versions());
const tokens = await setTheStage({ url: IMPRIMATUR_URL }, ADMIN_TOKEN);
const given = {
  ...tokens,
  IMPRIMATUR_URL,
  ADMIN_TOKEN,
  MLFLOW_TRACKING_URI: IMPRIMATUR_URL,
  MLFLOW_TRACKING_TOKEN: tokens.DATA_SCIENTIST_TOKEN,
};
const failed = await playAll(programs, given, scratch);
console.log(`${programs.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
