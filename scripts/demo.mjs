// npm run demo: plays the main story against a running service and prints each step with what it saw.
//   IMPRIMATUR_URL   the service (http://HOST:PORT of npm start)
//   ADMIN_TOKEN      its administrator's token (default: what npm start kept in DATA_DIR/admin-token)
//   DEMO_PYTHON      a Python with mlflow and scikit-learn (default: python3, when it has them)
import fs from 'node:fs';
import path from 'node:path';
import { hasMlflow, pythonClient } from './demo/python-client.mjs';
import { restClient } from './demo/rest-client.mjs';
import { playStory } from './demo/story.mjs';

const { HOST = '127.0.0.1', PORT = '4000', DATA_DIR = 'data', DEMO_PYTHON } = process.env;
const service = { url: (process.env.IMPRIMATUR_URL ?? `http://${HOST}:${PORT}`).replace(/\/+$/, '') };

function adminToken() {
  if (process.env.ADMIN_TOKEN) return process.env.ADMIN_TOKEN;
  if (process.env.BOOTSTRAP_ADMIN_TOKEN) return process.env.BOOTSTRAP_ADMIN_TOKEN;
  const file = path.resolve(DATA_DIR, 'admin-token');
  if (fs.existsSync(file)) return fs.readFileSync(file, 'utf8').trim();
  throw new Error(
    `no administrator's token: set ADMIN_TOKEN, or start the service with npm start, which keeps one in ${file}`,
  );
}

async function chooseClient() {
  const python = DEMO_PYTHON ?? 'python3';
  const version = await hasMlflow(python);
  if (version) {
    console.log(`playing with the MLflow client ${version} of ${python}`);
    return pythonClient(service, python);
  }
  if (DEMO_PYTHON) throw new Error(`DEMO_PYTHON: ${DEMO_PYTHON} cannot import mlflow and sklearn`);
  console.log(
    'python3 with mlflow and scikit-learn was not found: playing the same story over the MLflow REST surface',
  );
  return restClient(service);
}

try {
  const client = await chooseClient();
  await playStory({ service, adminToken: adminToken(), client, say: console.log });
  console.log('the story is told: all as it should be');
} catch (error) {
  const reason =
    error.cause?.code === 'ECONNREFUSED'
      ? `nothing answers at ${service.url}: start the service with npm start`
      : error.message;
  console.error(`the demo failed: ${reason}`);
  process.exitCode = 1;
}
