// Runs a command against a service of its own: npm start in a temporary folder, on free ports. The command finds
// IMPRIMATUR_URL and ADMIN_TOKEN in its environment; DATABASE_URL and REDIS_URL are passed on to the service.
//   node scripts/with-service.mjs node scripts/demo.mjs
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { exitCodeOf, root } from './lib/setup.mjs';

const [command, ...args] = process.argv.slice(2);
if (!command) {
  console.error('usage: node scripts/with-service.mjs COMMAND [ARGUMENT …]');
  process.exit(2);
}

const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'imprimatur-'));
// Started by root, PostgreSQL runs as another user, who must be able to reach its folder in here.
fs.chmodSync(dataDir, 0o711);
const token = process.env.BOOTSTRAP_ADMIN_TOKEN || `ci_${crypto.randomUUID()}`;
const service = spawn(process.execPath, ['scripts/start.mjs'], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
  env: {
    LOG_LEVEL: 'warn',
    ...process.env,
    DATA_DIR: dataDir,
    PORT: '0',
    WORKER_PORT: '0',
    BOOTSTRAP_ADMIN_TOKEN: token,
  },
});
const ended = new Promise((resolve) => service.once('exit', resolve));

/** The address in the ready line; undefined when the service ends without one. */
function readyAddress() {
  return new Promise((resolve) => {
    readline.createInterface({ input: service.stdout }).on('line', (line) => {
      console.log(line);
      if (line.startsWith('ready ')) resolve(line.slice('ready '.length));
    });
    ended.then(() => resolve(undefined));
  });
}

const url = await readyAddress();
const code = url ? await exitCodeOf(command, args, { IMPRIMATUR_URL: url, ADMIN_TOKEN: token, DATA_DIR: dataDir }) : 1;
service.kill('SIGTERM');
await ended;
fs.rmSync(dataDir, { recursive: true, force: true });
process.exit(code);
