import { randomBytes } from 'node:crypto';
import pg from 'pg';

async function onServer(statement: string): Promise<void> {
  const admin = new pg.Client({ connectionString: process.env.TEST_SERVER_URL });
  await admin.connect();
  await admin.query(statement).finally(() => admin.end());
}

/** A database of this test file's own, cloned from the migrated template; from `template1` an empty one. */
export async function createTestDatabase(
  template = process.env.TEST_TEMPLATE,
): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `${process.env.TEST_TEMPLATE}_${randomBytes(4).toString('hex')}`;
  await onServer(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = new URL(process.env.TEST_SERVER_URL as string);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}
