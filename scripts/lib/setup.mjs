// What a fresh clone needs before anything runs: Node, the dependencies, the Prisma client, the build. Node built-ins
// only, because the dependencies may not be there yet. Every step is skipped when its result is up to date.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { StartError } from './start-error.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const inRoot = (name) => path.join(root, name);
const oldestNode = [20, 19];
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Ends the process when Node is too old. */
function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = oldestNode;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  console.error(`Imprimatur needs Node ${oldestNode.join('.')} or later; this is ${process.versions.node}`);
  process.exit(1);
}

/**
 * Runs a command in the project's root, with its output shown. Signals are handed on to it, and it is waited for.
 * @returns {Promise<number>} its exit code; 1 when a signal ended it
 */
export function exitCodeOf(command, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
    const handOn = (signal) => child.kill(signal);
    for (const signal of signals) process.on(signal, handOn);
    const settle = (done, value) => {
      for (const signal of signals) process.off(signal, handOn);
      done(value);
    };
    child.once('error', (error) => settle(reject, error));
    child.once('exit', (code) => settle(resolve, code ?? 1));
  });
}

async function run(command, args, env) {
  const code = await exitCodeOf(command, args, env);
  if (code !== 0) throw new StartError(`failed with exit code ${code}: ${[command, ...args].join(' ')}`);
}

/** The packages of a lock that this machine must have, with their versions. */
function packagesOf(lockfile) {
  if (!fs.existsSync(lockfile)) return undefined;
  const { packages } = JSON.parse(fs.readFileSync(lockfile, 'utf8'));
  return new Map(Object.entries(packages).filter(([name]) => name !== ''));
}

/** npm keeps a record of what it has installed: the dependencies are there when it agrees with the lock. */
function isInstalled() {
  const locked = packagesOf(inRoot('package-lock.json'));
  const installed = packagesOf(inRoot('node_modules/.package-lock.json'));
  if (!installed) return false;
  const agrees = ([name, { version }]) => locked.get(name)?.version === version;
  const present = ([name, { optional }]) => optional || installed.has(name);
  return [...installed].every(agrees) && [...locked].every(present);
}

/** Installs the dependencies, development ones included, when they are missing or the lock has changed. */
async function install() {
  if (isInstalled()) return;
  console.log('installing the dependencies (npm ci) …');
  const npm = /npm-cli\.js$/.test(process.env.npm_execpath ?? '')
    ? [process.execPath, process.env.npm_execpath]
    : ['npm'];
  await run(npm[0], [...npm.slice(1), 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
}

function digestOf(files) {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(`${path.relative(root, file)}\0`)
      .update(fs.readFileSync(file))
      .update('\0');
  return hash.digest('hex');
}

/** Makes a folder by `work`, unless it was made from the same files before. */
async function makeFolder(folder, files, work) {
  const stamp = path.join(folder, '.stamp');
  const digest = digestOf(files);
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === digest) return;
  await work();
  fs.writeFileSync(stamp, digest);
}

const versionsLock = inRoot('package-lock.json');

/** Generates the Prisma client when the schema or a dependency has changed. */
export function generateClient() {
  const schema = inRoot('prisma/schema.prisma');
  return makeFolder(inRoot('libs/platform/src/database/generated'), [schema, versionsLock], () =>
    // The CLI would download an engine that `generate` does not use.
    run(process.execPath, ['node_modules/prisma/build/index.js', 'generate', '--no-hints'], {
      PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true',
    }),
  );
}

const isTest = (name) => /\.(spec|e2e-spec)\.ts$/.test(name);

const sourcesIn = (folder) =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !isTest(entry.name))
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
    .sort();

/** Compiles apps and libs into dist when a source has changed. */
function build() {
  const sources = [...sourcesIn(inRoot('apps')), ...sourcesIn(inRoot('libs')), inRoot('.swcrc'), versionsLock];
  return makeFolder(inRoot('dist'), sources, async () => {
    const next = `dist-${process.pid}`;
    const swc = ['node_modules/@swc/cli/bin/swc.js', 'apps', 'libs', '-d', next, '--quiet'];
    try {
      await run(process.execPath, [...swc, '--ignore', '**/*.spec.ts,**/*.e2e-spec.ts']);
      fs.rmSync(inRoot('dist'), { recursive: true, force: true });
      fs.renameSync(inRoot(next), inRoot('dist'));
    } finally {
      fs.rmSync(inRoot(next), { recursive: true, force: true });
    }
  });
}

/** Everything, from a fresh clone on; ends the process when a step fails, which has said why. */
export async function prepare() {
  checkNode();
  try {
    await install();
    await generateClient();
    await build();
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
