// W8: what a data scientist waits for, with the Python client.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { quantile } from '../lib/load.mjs';
import { raceOf, rowsOf } from '../lib/race.mjs';
import { startServers } from '../peers/servers.mjs';

const program = fileURLToPath(new URL('../peers/log_model.py', import.meta.url));
const modelsOfRound = 4;

/** log_model with its registration, several times in one process of the client. */
async function logModels(python, server) {
  const token = server.headers.authorization?.replace('Bearer ', '');
  const env = { ...process.env, MLFLOW_TRACKING_URI: server.url, MLFLOW_DISABLE_TELEMETRY: 'true' };
  const { stdout } = await promisify(execFile)(python, [program, String(modelsOfRound)], {
    env: { ...env, ...(token && { MLFLOW_TRACKING_TOKEN: token }) },
  });
  const times = JSON.parse(stdout.trim().split('\n').at(-1)).sort((a, b) => a - b);
  const total = times.reduce((sum, time) => sum + time, 0);
  return { perSecond: (times.length * 1000) / total, p50: quantile(times, 0.5), p99: quantile(times, 0.99), errors: 0 };
}

/** W8. */
export async function client({ workshop, python }) {
  if (!python) return [];
  const servers = await startServers(workshop, python);
  const results = await raceOf(servers, (server) => logModels(python, server), 1);
  return rowsOf('W8 log_model of the Python client, registered', results);
}
