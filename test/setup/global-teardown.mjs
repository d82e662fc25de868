import pg from 'pg';

/** Drops the template and what a crashed test file may have left of its clones. */
export default async function globalTeardown() {
  const { embedded, serverUrl, template } = globalThis.__imprimatur;
  const admin = new pg.Client({ connectionString: serverUrl });
  await admin.connect();
  const { rows } = await admin.query('SELECT datname FROM pg_database WHERE starts_with(datname, $1)', [template]);
  for (const { datname } of rows) await admin.query(`DROP DATABASE IF EXISTS ${datname} WITH (FORCE)`);
  await admin.end();
  await embedded?.stop();
}
