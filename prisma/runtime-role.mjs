// The role that the service works as, where another one owns the tables: it can add to what is only ever added to, and
// change nothing of it. Triggers refuse that as well; but who owns a table can drop its triggers.
import pg from 'pg';

/** Where BullMQ keeps its queues when there is no Redis: it makes its tables itself. */
const queueSchema = 'bullmq';

/** @throws Error when the URL names no role with a password */
function roleOf(url) {
  const { username, password } = new URL(url);
  if (username) return { name: decodeURIComponent(username), password: decodeURIComponent(password) };
  throw new Error(
    'DATABASE_URL must name the role that the service works as: postgresql://role:password@host:5432/database',
  );
}

async function makeRole(client, { name, password }) {
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name]);
  if (rowCount > 0) return;
  // Another deployment may make it at the same moment.
  const make = `CREATE ROLE ${client.escapeIdentifier(name)} LOGIN PASSWORD ${client.escapeLiteral(password)}`;
  await client.query(make).catch((error) => {
    if (!['23505', '42710'].includes(error.code)) throw error;
  });
}

/** Tables that a trigger keeps from every change of what is there. */
async function appendOnlyTables(client) {
  const { rows } = await client.query(
    `SELECT tgrelid::regclass::text AS name FROM pg_trigger WHERE tgname LIKE '%\\_append\\_only' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

async function grant(client, role) {
  const tables = await appendOnlyTables(client);
  if (tables.length === 0) throw new Error('no table is append-only: the migrations have not been applied');
  for (const statement of [
    `GRANT USAGE ON SCHEMA public TO ${role}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`,
    `GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ${role}`,
    `REVOKE UPDATE, DELETE, TRUNCATE ON ${tables.join(', ')} FROM ${role}`,
    `REVOKE INSERT, UPDATE, DELETE ON _prisma_migrations FROM ${role}`,
  ]) {
    await client.query(statement);
  }
}

/** The queue's tables belong to the service, also those that were made before it had a role of its own. */
async function handOverQueues(client, role) {
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${queueSchema}`);
  const { rows } = await client.query(
    `SELECT format('ALTER %s %s OWNER TO ', kind, name) AS change FROM (
       SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind, c.oid::regclass::text AS name
       FROM pg_class c WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p', 'S')
         AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i'))
       UNION ALL
       SELECT 'ROUTINE', p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = $1::regnamespace
       UNION ALL
       SELECT 'TYPE', t.oid::regtype::text FROM pg_type t WHERE t.typnamespace = $1::regnamespace AND t.typtype IN ('e', 'd')) AS owned`,
    [queueSchema],
  );
  for (const { change } of rows) await client.query(change + role);
  await client.query(`ALTER SCHEMA ${queueSchema} OWNER TO ${role}`);
  // BullMQ says CREATE SCHEMA IF NOT EXISTS, for which PostgreSQL asks this also where the schema is there.
  const { rows: here } = await client.query('SELECT current_database() AS name');
  await client.query(`GRANT CREATE ON DATABASE ${client.escapeIdentifier(here[0].name)} TO ${role}`);
}

/**
 * Makes the role of the service, where there is none, and gives it what it needs. After every migration: new tables are
 * granted to nobody.
 * @param {string} ownerUrl of whoever owns the tables, and may make roles
 * @param {string} serviceUrl of the service, with the role and its password
 */
export async function grantRuntimeRole(ownerUrl, serviceUrl) {
  const role = roleOf(serviceUrl);
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await makeRole(client, role);
    await client.query('BEGIN');
    const name = client.escapeIdentifier(role.name);
    await grant(client, name);
    await handOverQueues(client, name);
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}
