// The processor time that PostgreSQL takes for one database: its backends, as the kernel counts them. Only where the
// database runs on this machine; processes that PostgreSQL starts for one statement and ends with it are not counted.
import fs from 'node:fs';
import pg from 'pg';

const ticksPerSecond = 100;

/** Milliseconds that a process has had; undefined when it is not there, or not here. */
function cpuOf(pid) {
  try {
    // Behind the name, which may hold blanks: fields 14 and 15, user and system time.
    const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
  } catch {
    return undefined;
  }
}

/** Notes what the backends of a database have had; the answer to `since` is what came on top. */
export class DatabaseCpu {
  constructor(url) {
    this.url = url;
  }

  async backends() {
    this.client ??= await this.connect();
    const { rows } = await this.client.query(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    return new Map(rows.map(({ pid }) => [pid, cpuOf(pid)]));
  }

  async connect() {
    const client = new pg.Client({ connectionString: this.url });
    // The database is dropped while the bench still looks.
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  /** @returns milliseconds; undefined when the database is on another machine */
  async since(before) {
    let sum;
    for (const [pid, now] of await this.backends())
      if (now !== undefined) sum = (sum ?? 0) + now - (before.get(pid) ?? 0);
    return sum;
  }
}
