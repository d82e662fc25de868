// Prisma migrations without Prisma's native engine, which would be downloaded at run time.
//   node prisma/migrate.mjs create NAME | deploy | status | check
// It drives the official @prisma/schema-engine-wasm and writes the standard _prisma_migrations table, so that
// `prisma migrate deploy` of any other installation agrees with it. DATABASE_URL names the database. Where MIGRATION_DATABASE_URL
// is set, `deploy` works as that role, which owns the tables, and the role of DATABASE_URL gets what the service needs.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import pg from 'pg';
import { grantRuntimeRole } from './runtime-role.mjs';

const require = createRequire(import.meta.url);
const here = path.dirname(fileURLToPath(import.meta.url));
const migrationsDir = path.join(here, 'migrations');
const schemaPath = path.join(here, 'schema.prisma');
const lockfile = 'provider = "postgresql"\n';
/** The pools of the running command: the engine never closes what it opened. */
const openPools = new Set();
const noFilters = { externalTables: [], externalEnums: [] };

/**
 * adapter-pg cannot decode PostgreSQL's internal "char" type (OID 18), which introspection returns: relabel it as bpchar.
 * Check and exclusion constraints are of that type alone, and no part of Prisma's model: leave them out.
 */
function introspectionPool(connectionString) {
  const pool = new pg.Pool({ connectionString, max: 4 });
  openPools.add(pool);
  const query = pool.query.bind(pool);
  pool.query = async (...args) => {
    const result = await query(...args);
    if (result?.fields?.some((field) => field.name === 'constraint_type')) result.rows = [];
    for (const field of result?.fields ?? []) if (field.dataTypeID === 18) field.dataTypeID = 1042;
    return result;
  };
  return pool;
}

/** adapter-pg splits scripts at every ";", which cuts function bodies apart: a script is sent whole instead. */
async function connectAdapter(url) {
  const adapter = await new PrismaPg(introspectionPool(url), { disposeExternalPool: false }).connect();
  adapter.executeScript = async (script) => {
    await adapter.underlyingDriver().query(script);
  };
  return adapter;
}

function adapterFactory(url) {
  const { adapterName, provider } = new PrismaPg(url);
  return {
    adapterName,
    provider,
    connect: () => connectAdapter(url),
    connectToShadowDb: () => connectToShadowDatabase(url),
  };
}

/** An empty database beside the real one, in which the migrations are replayed; dropped afterwards. */
async function connectToShadowDatabase(url) {
  const name = `shadow_${process.pid}_${Date.now()}`;
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  await admin.query(`create database "${name}"`);
  const shadowUrl = new URL(url);
  shadowUrl.pathname = `/${name}`;
  const adapter = await connectAdapter(shadowUrl.href);
  adapter.dispose = async () => {
    await adapter.underlyingDriver().end();
    openPools.delete(adapter.underlyingDriver());
    await admin.query(`drop database "${name}" with (force)`);
    await admin.end();
  };
  return adapter;
}

/** The engine leaves the timer of its lock behind, which would hold the process for ten seconds after its work. */
function withoutLastingTimers(bindings) {
  const isTimer = ([name]) => name.startsWith('__wbg_setTimeout_');
  const passing = ([name, set]) => [name, (callback, milliseconds) => set(callback, milliseconds).unref()];
  return { ...bindings, ...Object.fromEntries(Object.entries(bindings).filter(isTimer).map(passing)) };
}

async function openEngine(url, schema) {
  const engineModule = '@prisma/schema-engine-wasm/schema_engine_bg';
  const bindings = await import(engineModule);
  const wasmPath = path.join(path.dirname(require.resolve(engineModule)), 'schema_engine_bg.wasm');
  const instance = new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(wasmPath)), {
    './schema_engine_bg.js': withoutLastingTimers(bindings),
  });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  const adapter = bindMigrationAwareSqlAdapterFactory(adapterFactory(url));
  return bindings.SchemaEngine.new({ datamodels: [[schemaPath, schema]] }, () => {}, adapter);
}

function migrationsOnDisk() {
  const folders = fs.existsSync(migrationsDir)
    ? fs.readdirSync(migrationsDir, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    : [];
  const sqlOf = (name) => fs.readFileSync(path.join(migrationsDir, name, 'migration.sql'), 'utf8');
  return {
    baseDir: migrationsDir,
    lockfile: { path: 'migration_lock.toml', content: lockfile },
    shadowDbInitScript: '',
    migrationDirectories: folders
      .map((entry) => entry.name)
      .sort()
      .map((name) => ({
        path: name,
        migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sqlOf(name) } },
      })),
  };
}

/** Opens the engine on `url` for one command. */
async function withEngine(url, use) {
  if (!url) throw new Error('DATABASE_URL is required: postgresql://user:password@host:5432/database');
  const schema = fs.readFileSync(schemaPath, 'utf8');
  try {
    return await use(await openEngine(url, schema), schema);
  } finally {
    await Promise.all([...openPools].map((pool) => pool.end()));
    openPools.clear();
  }
}

const diff = (engine, schema) =>
  engine.diff({
    from: { tag: 'migrations', ...migrationsOnDisk() },
    to: { tag: 'schemaDatamodel', files: [{ path: schemaPath, content: schema }] },
    script: true,
    exitCode: true,
    shadowDatabaseUrl: null,
    filters: noFilters,
  });

/** Applies what is not yet applied, and answers with the names of the migrations it applied. */
export const deploy = (url) =>
  withEngine(url, async (engine) => {
    const { appliedMigrationNames } = await engine.applyMigrations({
      migrationsList: migrationsOnDisk(),
      filters: noFilters,
    });
    return appliedMigrationNames;
  });

async function create(url, name = 'migration') {
  const { exitCode, stdout } = await withEngine(url, diff);
  if (exitCode === 0) return console.log('no changes');
  const folder = `${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}_${name}`;
  fs.mkdirSync(path.join(migrationsDir, folder), { recursive: true });
  fs.writeFileSync(path.join(migrationsDir, folder, 'migration.sql'), stdout);
  fs.writeFileSync(path.join(migrationsDir, 'migration_lock.toml'), lockfile);
  console.log(`created prisma/migrations/${folder}/migration.sql`);
}

async function check(url) {
  const { exitCode, stdout } = await withEngine(url, diff);
  console.log(exitCode ? `migrations and schema.prisma differ:\n${stdout}` : 'migrations match schema.prisma');
  return exitCode;
}

async function status(url) {
  const answer = await withEngine(url, (engine) =>
    engine.diagnoseMigrationHistory({
      migrationsList: migrationsOnDisk(),
      optInToShadowDatabase: false,
      filters: noFilters,
    }),
  );
  console.log(JSON.stringify(answer, null, 2));
}

async function main([command, name]) {
  const { DATABASE_URL: serviceUrl, MIGRATION_DATABASE_URL: ownerUrl } = process.env;
  const url = ownerUrl || serviceUrl;
  if (command === 'create') return create(url, name);
  if (command === 'deploy') {
    console.log('applied:', (await deploy(url)).join(', ') || 'nothing, all is up to date');
    return ownerUrl ? grantRuntimeRole(ownerUrl, serviceUrl) : undefined;
  }
  if (command === 'status') return status(url);
  if (command === 'check') return check(url);
  console.error('usage: node prisma/migrate.mjs create NAME | deploy | status | check');
  return 2;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit((await main(process.argv.slice(2))) ?? 0);
