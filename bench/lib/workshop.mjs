// Where a run of the benchmark lives: a temporary folder, databases of its own, and everything that it has started.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../scripts/lib/embedded-postgres.mjs';
import { root } from '../../scripts/lib/setup.mjs';

/** Runs one statement on a database. */
export async function onDatabase(url, statement, values) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client.query(statement, values).finally(() => client.end());
}

export class Workshop {
  /** @type {(() => Promise<unknown>)[]} */
  undo = [];

  /** On the PostgreSQL of DATABASE_URL, else on an embedded one with the durable settings of `npm start`. */
  static async open() {
    const workshop = new Workshop();
    workshop.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'imprimatur-bench-'));
    // Started by root, PostgreSQL runs as another user, who must be able to reach its folder in here.
    fs.chmodSync(workshop.dir, 0o711);
    workshop.undo.push(async () => fs.rmSync(workshop.dir, { recursive: true, force: true }));
    workshop.server = process.env.DATABASE_URL || (await workshop.embedded());
    return workshop;
  }

  async embedded() {
    const { ownerUrl: url, stop } = await startEmbeddedPostgres({ dataDir: path.join(this.dir, 'postgres') });
    this.undo.push(stop);
    return url;
  }

  /** An empty database, dropped at the end. @returns {Promise<string>} its URL */
  async database() {
    const name = `imprimatur_bench_${randomBytes(4).toString('hex')}`;
    await onDatabase(this.server, `CREATE DATABASE ${name}`);
    this.undo.push(() => onDatabase(this.server, `DROP DATABASE ${name} WITH (FORCE)`));
    const url = new URL(this.server);
    url.pathname = `/${name}`;
    return url.href;
  }

  /** The same, with the tables of the service. The migration is a process of its own: its engine runs once in each. */
  async migratedDatabase() {
    const url = await this.database();
    const env = { ...process.env, DATABASE_URL: url };
    await promisify(execFile)(process.execPath, ['prisma/migrate.mjs', 'deploy'], { cwd: root, env });
    return url;
  }

  query = onDatabase;

  /** A new folder in the temporary one. */
  folder(name) {
    return fs.mkdtempSync(path.join(this.dir, `${name}-`));
  }

  /** Whatever can be stopped is stopped at the end, the last one first. */
  async keep(started) {
    const part = await started;
    this.undo.push(() => part.stop());
    return part;
  }

  /** Ends and removes what was made since `mark`. */
  async close(mark = 0) {
    for (const step of this.undo.splice(mark).reverse()) await step();
  }
}
