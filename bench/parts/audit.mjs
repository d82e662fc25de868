// The audit log: how soon events are sealed while others are written, how fast an export is verified, and what an event costs
// the change that it tells of.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { root } from '../../scripts/lib/setup.mjs';
import { quantile } from '../lib/load.mjs';
import { duration, single } from '../lib/report.mjs';
import { alternate } from '../lib/rounds.mjs';
import { Imprimatur } from '../peers/imprimatur.mjs';

const run = promisify(execFile);
const cli = path.join(root, 'dist/apps/cli/src/main.js');
const sha256 = fileURLToPath(new URL('../peers/sha256.mjs', import.meta.url));
/** The promise of docs/audit.md. */
const longestLagSeconds = 2;

/** An event with everything that a real one has, as many times as $1 says. */
const events = `
  SELECT jsonb_agg(jsonb_build_object('id', gen_random_uuid(), 'actor_id', gen_random_uuid(), 'actor_name', 'ada',
    'action', 'model_version.tag_set', 'outcome', 'ALLOWED', 'object_kind', 'MODEL_VERSION', 'object_id', gen_random_uuid()::text,
    'object_name', 'bench.registry.scorer/' || n, 'before', jsonb_build_object('key', 'team', 'value', 'one'),
    'after', jsonb_build_object('key', 'team', 'value', 'two'), 'request_id', gen_random_uuid()::text,
    'source_address', '127.0.0.1')) AS rows FROM generate_series(1, $1::int4) AS n`;
/** As the service writes them (libs/audit/src/audit-log.ts). */
const record = `
  INSERT INTO audit_events (id, occurred_at, actor_id, actor_name, on_behalf_of, action, outcome, object_kind, object_id,
    object_name, securable_id, schema_id, catalog_id, before, after, reason, request_id, source_address)
  SELECT e.id, COALESCE(e.occurred_at, (SELECT clock_timestamp())), e.actor_id, e.actor_name, e.on_behalf_of, e.action,
    e.outcome, e.object_kind, e.object_id, e.object_name, e.securable_id, e.schema_id, e.catalog_id, e.before, e.after,
    e.reason, e.request_id, e.source_address
  FROM jsonb_to_recordset($1::jsonb) AS e(id uuid, occurred_at timestamptz, actor_id uuid,
    actor_name text, on_behalf_of text, action text, outcome text, object_kind text, object_id text, object_name text, securable_id uuid,
    schema_id uuid, catalog_id uuid, before jsonb, after jsonb, reason text, request_id text, source_address text)`;
const change = `
  INSERT INTO securable_tags (securable_id, key, value) VALUES ($1, 'bench', $2)
  ON CONFLICT (securable_id, key) DO UPDATE SET value = excluded.value`;

async function connect(workshop, url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  workshop.undo.push(() => client.end());
  return client;
}

const rowsOf = async (client, count) => JSON.stringify((await client.query(events, [count])).rows[0].rows);

/** Each event with an id of its own: the rest of it is ready before the clock runs. */
const renamed = (rows) => rows.replaceAll(/"id": ?"[0-9a-f-]{36}"/g, () => `"id":"${crypto.randomUUID()}"`);

/** Writers that commit one event after the other, and the age of the oldest that is not sealed, again and again. */
async function lagUnderLoad({ workshop, databaseUrl }, { writers, seconds }) {
  const clients = await Promise.all(Array.from({ length: writers + 1 }, () => connect(workshop, databaseUrl)));
  const watcher = clients.pop();
  const rows = await rowsOf(watcher, 1);
  const end = performance.now() + seconds * 1000;
  let written = 0;
  const write = async (client) => {
    for (; performance.now() < end; written++) await client.query(record, [renamed(rows)]);
  };
  const writing = Promise.all(clients.map(write));
  const lags = [];
  for (let waits = true; waits || performance.now() < end; ) {
    // Since it was written: a little more than since its commit.
    const { rows: oldest } = await watcher.query(`
      SELECT extract(epoch FROM clock_timestamp() - a.occurred_at)::float8 AS lag
      FROM unsealed_events u JOIN audit_events a ON a.id = u.event_id ORDER BY u.position LIMIT 1`);
    waits = oldest.length > 0;
    lags.push(oldest[0]?.lag ?? 0);
    await sleep(20);
  }
  await writing;
  lags.sort((a, b) => a - b);
  return { perSecond: written / seconds, median: quantile(lags, 0.5), worst: lags.at(-1) };
}

/** How fast one worker seals what has piled up. */
async function backlog(ours, count) {
  const client = await connect(ours.workshop, ours.databaseUrl);
  for (let made = 0; made < count; made += 10_000) {
    await client.query(record, [await rowsOf(client, Math.min(10_000, count - made))]);
  }
  const waiting = async () => (await client.query('SELECT count(*)::int4 AS count FROM unsealed_events')).rows[0].count;
  const mark = ours.workshop.undo.length;
  const piled = await waiting();
  const start = performance.now();
  await ours.startWorker();
  while ((await waiting()) > 0) await sleep(50);
  const perSecond = piled / ((performance.now() - start) / 1000);
  return { perSecond, stopWorker: () => ours.workshop.close(mark) };
}

const mayAudit = `mutation { grantCreate(input: {
  principal: "metastore-admins", privilege: READ_AUDIT, securable: { kind: METASTORE, fullName: "metastore" }
}) { errors { message } } }`;

async function exported(ours) {
  await ours.graphql(mayAudit, {}, ours.env.BOOTSTRAP_ADMIN_TOKEN);
  const file = path.join(ours.workshop.folder('audit'), 'audit.ndjson');
  const env = { ...process.env, IMPRIMATUR_SERVER: ours.url, IMPRIMATUR_TOKEN: ours.env.BOOTSTRAP_ADMIN_TOKEN };
  const command = (...args) => run(process.execPath, [cli, 'audit', ...args, '--json'], { env });
  await command('export', '-o', file);
  const { verifierKey } = JSON.parse((await command('checkpoint')).stdout);
  return { file, verifierKey };
}

const timed = async (...args) => {
  const start = performance.now();
  const { stdout } = await run(process.execPath, args);
  return { ms: performance.now() - start, stdout };
};

/** Both are processes of their own, from their start to their end. */
async function verification(ours, rounds) {
  const { file, verifierKey } = await exported(ours);
  let verdict;
  const { verify, hash } = await alternate(
    {
      verify: async () => {
        const { ms, stdout } = await timed(cli, 'audit', 'verify', file, '--key', verifierKey, '--json');
        verdict = JSON.parse(stdout);
        if (verdict.bad) throw new Error(`the export is not valid: ${verdict.bad.problem}`);
        return { ms };
      },
      hash: async () => ({ ms: (await timed(sha256, file)).ms }),
    },
    rounds,
  );
  const { size } = fs.statSync(file);
  const what = `verify an export of ${verdict.count} events, ${(size / 2 ** 20).toFixed(0)} MiB`;
  return duration(what, verify, { name: 'SHA-256 of the file', ...hash }, 3);
}

/** The same transaction, a tag of a model, with its event and without. */
async function costOfEvent(ours, { seconds, rounds }) {
  const client = await connect(ours.workshop, ours.databaseUrl);
  const { rows } = await client.query(`SELECT id FROM securables WHERE kind = 'CATALOG' LIMIT 1`);
  const event = await rowsOf(client, 1);
  let value = 0;
  const transactions = async (audited) => {
    const times = [];
    for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
      const start = performance.now();
      await client.query('BEGIN');
      await client.query(change, [rows[0].id, String(value++)]);
      if (audited) await client.query(record, [renamed(event)]);
      await client.query('COMMIT');
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    return { ms: quantile(times, 0.5) };
  };
  const results = await alternate({ with: () => transactions(true), without: () => transactions(false) }, rounds);
  return duration('transaction of a tag with its event', results.with, { name: 'without', ...results.without });
}

export async function audit({ workshop, sizes }) {
  const ours = await Imprimatur.start(workshop);
  const cost = await costOfEvent(ours, sizes);
  const { perSecond: sealed, stopWorker } = await backlog(ours, sizes.events);
  const lag = await lagUnderLoad(ours, { writers: sizes.writers, seconds: sizes.load });
  await stopWorker();
  const under = `sealing lag, ${sizes.writers} writers, ${lag.perSecond.toFixed(0)} events/s`;
  return [
    single(`${under}: median of the oldest`, lag.median, 's'),
    single(`${under}: longest`, lag.worst, 's', longestLagSeconds),
    {
      what: `sealing ${sizes.events} events that have piled up, start of the worker included`,
      ours: { perSecond: sealed },
    },
    await verification(ours, sizes.rounds),
    cost,
  ];
}
