// The programs of this folder, and how one of them is run.
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = path.dirname(fileURLToPath(import.meta.url));
const { CLIENT_PYTHON: python = 'python3' } = process.env;
const minutes = { '': 5, slow: 20 };

const programsIn = (folder) =>
  fs
    .readdirSync(path.join(here, folder))
    .filter((name) => name.endsWith('.py'))
    .sort()
    .map((name) => ({ name: name.slice(0, -'.py'.length), folder, file: path.join(here, folder, name) }));

/** The programs that the arguments ask for, all but the slow ones for none; one that nobody knows ends the run. */
export function chosenPrograms(names) {
  if (names.length === 0) return programsIn('');
  const all = [...programsIn(''), ...programsIn('slow')];
  return names.flatMap((name) => {
    const found = name === 'slow' ? programsIn('slow') : all.filter((program) => program.name === name);
    if (found.length > 0) return found;
    const known = all.map((program) => program.name).join(', ');
    console.error(`"${name}" is no program: there are slow (a folder), ${known}`);
    return process.exit(2);
  });
}

/** What the programs run on, for whoever reads the log. */
export async function clientVersions() {
  const script = `
import importlib.metadata as metadata, sys
names = "mlflow scikit-learn pandas xgboost xgboost-cpu lightgbm pyspark databricks-sdk".split()
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
    // As in an activated environment: a program may start "python".
    PATH: path.isAbsolute(python) ? `${path.dirname(python)}:${process.env.PATH}` : process.env.PATH,
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

/**
 * Runs a program to its end, in a folder of its own below `scratch`, which is its home.
 * @returns {Promise<{ passed: boolean, output: string, seconds: number }>}
 */
export function play(program, scratch, given) {
  const begun = Date.now();
  const cwd = fs.mkdtempSync(path.join(scratch, `${program.name}-`));
  const env = environment(scratch, given);
  const child = spawn(python, [program.file], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
  // With whatever it has started, and also when the runner is told to end.
  const stop = () => process.kill(-child.pid, 'SIGKILL');
  const limit = setTimeout(() => {
    output.push(Buffer.from(`\nended after ${minutes[program.folder]} minutes\n`));
    stop();
  }, minutes[program.folder] * 60_000);
  process.once('exit', stop);
  return new Promise((resolve, reject) => {
    const over = () => {
      clearTimeout(limit);
      process.off('exit', stop);
    };
    child.once('error', (error) => {
      over();
      reject(error);
    });
    child.once('close', (code) => {
      over();
      resolve({ passed: code === 0, output: Buffer.concat(output).toString(), seconds: (Date.now() - begun) / 1000 });
    });
  });
}
