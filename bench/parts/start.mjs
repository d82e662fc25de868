// Cold start of an installed and built checkout, and memory at rest.
import { spawn } from 'node:child_process';
import readline from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../../scripts/lib/setup.mjs';
import { freePort } from '../lib/processes.mjs';
import { single } from '../lib/report.mjs';
import { median } from '../lib/rounds.mjs';
import { memoryOf } from '../peers/imprimatur.mjs';
import { startMlflows } from '../peers/mlflow.mjs';

const restMs = 5000;

/** npm start on a new database: migrations, the first administrator, API and worker. */
async function startOnce(workshop, DATABASE_URL, DATA_DIR) {
  const ports = { PORT: String(await freePort()), WORKER_PORT: String(await freePort()) };
  const env = { ...process.env, REDIS_URL: '', DATABASE_URL, DATA_DIR, ...ports };
  const started = performance.now();
  const child = spawn(process.execPath, ['scripts/start.mjs'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  await workshop.keep({ stop });
  const lines = readline.createInterface({ input: child.stdout });
  await new Promise((resolve, reject) => {
    lines.on('line', (line) => line.startsWith('ready ') && resolve());
    ended.then((code) => reject(new Error(`npm start ended with exit code ${code}`)));
  });
  return { ms: performance.now() - started, ...ports };
}

export async function start({ workshop, sizes, python }) {
  const first = [];
  const again = [];
  const memory = { api: [], worker: [] };
  for (let round = 0; round < sizes.starts; round++) {
    const [database, folder] = [await workshop.database(), workshop.folder('start')];
    const mark = workshop.undo.length;
    first.push((await startOnce(workshop, database, folder)).ms);
    await workshop.close(mark);
    const { ms, PORT, WORKER_PORT } = await startOnce(workshop, database, folder);
    again.push(ms);
    await sleep(restMs);
    memory.api.push(await memoryOf(`http://127.0.0.1:${PORT}`));
    memory.worker.push(await memoryOf(`http://127.0.0.1:${WORKER_PORT}`));
    await workshop.close(mark);
  }
  const rows = [
    single('first start to ready, with migrations', median(first) / 1000, 's', 10),
    single('start to ready', median(again) / 1000, 's', 10),
    single('memory of the API at rest', median(memory.api), 'MiB', 200),
    single('memory of the worker at rest', median(memory.worker), 'MiB', 200),
  ];
  // On a database that the first one has made: the second start is the comparable one.
  const [, ...servers] = await startMlflows(workshop, python);
  return [
    ...rows,
    ...servers.map(({ name, readyMs }) =>
      single(`${name} server: start to ready, for comparison`, readyMs / 1000, 's'),
    ),
  ];
}
