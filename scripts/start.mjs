// npm start: from a fresh clone to a running service. Ctrl-C ends it; a second start goes on with the same data.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ServiceProcess } from './lib/service-process.mjs';
import { prepare, root } from './lib/setup.mjs';
import { StartError } from './lib/start-error.mjs';

const readyWithinMilliseconds = 60_000;
const compiled = (entry) => path.join(root, 'dist', entry);

const givenDatabase = process.env.DATABASE_URL?.trim();

/** The service's own reading of the environment, so that a wrong value is named before anything is started. */
async function readSettings() {
  const { loadConfig } = await import(compiled('libs/platform/src/config/load-config.js'));
  try {
    // The embedded PostgreSQL's address is not known yet.
    return loadConfig({ ...process.env, DATABASE_URL: givenDatabase || 'postgresql://embedded' }).settings;
  } catch (error) {
    throw new StartError(error.message);
  }
}

/** The port itself when it is free, any free one for 0. */
function claimPort(setting, host, port) {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', (error) => {
      const told =
        error.code === 'EADDRINUSE'
          ? `port ${port} on ${host} is taken: end the program that uses it, or set ${setting} to another port`
          : `cannot listen on ${host} port ${port} (${error.code}): set HOST and ${setting} to an address of this machine`;
      reject(new StartError(told));
    });
    server.listen(port, host, () => {
      const { port: claimed } = server.address();
      server.close(() => resolve(claimed));
    });
  });
}

const hostInUrl = (host) => (host.includes(':') ? `[${host}]` : host);
/** Where this machine reaches a server that listens on all addresses. */
const reachableHost = (host) => ({ '0.0.0.0': '127.0.0.1', '::': '[::1]' })[host] ?? hostInUrl(host);

async function startDatabase(dataDir, onEnd) {
  if (givenDatabase) {
    const owner = process.env.MIGRATION_DATABASE_URL?.trim();
    return { url: givenDatabase, ownerUrl: owner || givenDatabase, stop: async () => {} };
  }
  const { startEmbeddedPostgres } = await import('./lib/embedded-postgres.mjs');
  return startEmbeddedPostgres({ dataDir: path.join(dataDir, 'postgres'), onEnd });
}

/** As the owner of the tables; the service works as a role that may do less, where there are two. */
async function migrate({ url, ownerUrl }) {
  const { deploy } = await import('../prisma/migrate.mjs');
  const applied = await deploy(ownerUrl);
  if (applied.length > 0) console.log(`migrations applied: ${applied.join(', ')}`);
  if (ownerUrl === url) return;
  const { grantRuntimeRole } = await import('../prisma/runtime-role.mjs');
  await grantRuntimeRole(ownerUrl, url);
}

/** The first administrator and the default schema. A new token is shown once, and kept in a file of the owner's alone. */
async function bootstrap(env, dataDir) {
  const entry = compiled('apps/api/src/bootstrap.js');
  const run = promisify(execFile)(process.execPath, [entry], { cwd: root, env });
  const { stdout } = await run.catch(({ stderr, message }) => {
    throw new StartError(`the first administrator and the default schema could not be made:\n${stderr || message}`);
  });
  const { created, token } = JSON.parse(stdout.trim().split('\n').at(-1));
  if (!created) return;
  const file = path.join(dataDir, 'admin-token');
  fs.mkdirSync(dataDir, { recursive: true });
  fs.rmSync(file, { force: true });
  fs.writeFileSync(file, `${token ?? env.BOOTSTRAP_ADMIN_TOKEN.trim()}\n`, { mode: 0o600 });
  const told = token ? `the token ${token}, which is not shown again` : 'the token of BOOTSTRAP_ADMIN_TOKEN';
  console.log(`the first administrator is "admin", with ${told}; it is kept in ${file}`);
}

/** Resolves when the process answers that it is ready. */
async function ready(service, url, checkpoint) {
  const until = Date.now() + readyWithinMilliseconds;
  for (;;) {
    checkpoint();
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
    if (answer?.ok) return;
    if (Date.now() > until) {
      const told = answer ? await answer.text() : `nothing answers at ${url}`;
      throw new StartError(`the ${service.name} is not ready after ${readyWithinMilliseconds / 1000} s: ${told}`);
    }
    await sleep(50);
  }
}

/** What ends the launcher: a signal (exit code 0), or a part that ended by itself (exit code 1). The first one counts. */
class Ending {
  outcome = undefined;

  constructor() {
    this.happened = new Promise((resolve) => {
      this.settle = (outcome) => {
        this.outcome ??= outcome;
        resolve();
      };
    });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => this.settle({ code: 0 }));
    if (process.env.npm_lifecycle_event) this.followNpm(process.ppid);
  }

  /** npm that is killed outright takes nobody along. */
  followNpm(npm) {
    setInterval(() => process.ppid !== npm && this.settle({ code: 1, message: 'npm was killed' }), 500).unref();
  }

  failed = (message) => this.settle({ code: 1, message });

  /** Between two steps of the start, so that nothing is ever half started when it has to be stopped. */
  checkpoint = () => {
    if (this.outcome) throw this.outcome;
  };
}

/**
 * Starts everything in order; `started` collects what has to be stopped, last first.
 * @returns {Promise<string>} the address of the API
 */
async function startAll(started, { failed, checkpoint }) {
  const settings = await readSettings();
  const { HOST, DATA_DIR } = settings;
  const dataDir = path.resolve(root, DATA_DIR);
  const port = await claimPort('PORT', HOST, settings.PORT);
  const workerPort = await claimPort('WORKER_PORT', HOST, settings.WORKER_PORT);

  const database = await startDatabase(dataDir, () => failed('the embedded PostgreSQL ended by itself'));
  started.push(database);
  checkpoint();
  await migrate(database);
  checkpoint();
  const { MIGRATION_DATABASE_URL: _, ...given } = process.env;
  const env = {
    ...given,
    DATABASE_URL: database.url,
    DATA_DIR: dataDir,
    PORT: String(port),
    WORKER_PORT: String(workerPort),
  };
  await bootstrap(env, dataDir);
  checkpoint();

  const services = [
    { service: new ServiceProcess('API', compiled('apps/api/src/main.js'), env), port },
    { service: new ServiceProcess('worker', compiled('apps/worker/src/main.js'), env), port: workerPort },
  ];
  started.push({ stop: () => Promise.all(services.map(({ service }) => service.stop())) });
  for (const { service } of services) service.ended.then(failed);
  const at = (port) => `http://${reachableHost(HOST)}:${port}`;
  await Promise.all(services.map(({ service, port }) => ready(service, at(port), checkpoint)));
  return `http://${hostInUrl(HOST)}:${port}`;
}

async function main() {
  await prepare();
  const ending = new Ending();
  const started = [];
  try {
    const address = await startAll(started, ending);
    console.log(`ready ${address}`);
    await ending.happened;
  } catch (error) {
    if (error !== ending.outcome) ending.failed(error instanceof StartError ? error.message : error.stack);
  }
  const { code, message } = ending.outcome;
  if (message) console.error(message);
  for (const part of started.reverse()) await part.stop();
  return code;
}

process.exit(await main());
