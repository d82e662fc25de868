// Once for a run of Jest: a real PostgreSQL (DATABASE_URL, or the embedded one) with a migrated template database, from
// which each test file clones its own (test/support/database.ts).
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { deploy } from '../../prisma/migrate.mjs';
import { startEmbeddedPostgres } from '../../scripts/lib/embedded-postgres.mjs';

async function makeTemplate(serverUrl) {
  const template = `imprimatur_test_${randomBytes(4).toString('hex')}`;
  const admin = new pg.Client({ connectionString: serverUrl });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${template}`).finally(() => admin.end());
  const templateUrl = new URL(serverUrl);
  templateUrl.pathname = `/${template}`;
  await deploy(templateUrl.href);
  return template;
}

export default async function globalSetup() {
  const embedded = process.env.DATABASE_URL ? undefined : await startEmbeddedPostgres({ temporary: true });
  const serverUrl = embedded?.url ?? process.env.DATABASE_URL;
  try {
    const template = await makeTemplate(serverUrl);
    process.env.TEST_SERVER_URL = serverUrl;
    process.env.TEST_TEMPLATE = template;
    globalThis.__imprimatur = { embedded, serverUrl, template };
  } catch (error) {
    // Jest does not call the teardown when the setup has failed.
    await embedded?.stop();
    throw error;
  }
}
