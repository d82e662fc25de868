// Makes the service's store as new, as fast as hundreds of tests need it.

import fs from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import pg from 'pg';

/** What MLflow clients make. Users, their tokens, the default catalog and schema stay, and so does what cannot be deleted: events and transitions. */
const emptied = `
  DELETE FROM webhooks;
  DELETE FROM webhook_deliveries;
  DELETE FROM outbox;
  DELETE FROM idempotency_keys;
  DELETE FROM model_versions;
  DELETE FROM sealed_paths;
  DELETE FROM logged_models;
  DELETE FROM runs;
  DELETE FROM datasets;
  DELETE FROM experiments WHERE id <> 0;
  UPDATE experiments SET lifecycle_stage = 'active', deleted_at = NULL;
  DELETE FROM securables WHERE kind = 'REGISTERED_MODEL' OR kind = 'EXPERIMENT' AND id NOT IN (SELECT securable_id FROM experiments);
  DELETE FROM securable_tags WHERE securable_id IN (SELECT securable_id FROM experiments);
  ALTER SEQUENCE experiments_id_seq RESTART;
  UPDATE access_version SET version = version + 1;`;

/**
 * Serves POST / on a free port of this machine: the store is as new when it answers.
 * @param {{ databaseUrl: string, dataDir: string }} of the service
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 */
export async function serveReset({ databaseUrl, dataDir }) {
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  const artifacts = path.join(dataDir, 'artifacts');

  async function reset() {
    await database.query(`BEGIN; ${emptied} COMMIT`);
    for (const entry of await fs.readdir(artifacts)) {
      // The service keeps its uploads there, and makes the folder once.
      if (entry !== '.staging') await fs.rm(path.join(artifacts, entry), { recursive: true, force: true });
    }
  }

  const server = http.createServer((_, response) => {
    reset().then(
      () => response.writeHead(204).end(),
      async (error) => {
        await database.query('ROLLBACK');
        response.writeHead(500).end(String(error.stack));
      },
    );
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = async () => {
    server.closeAllConnections();
    server.close();
    await database.end();
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, stop };
}
