import { randomBytes } from 'node:crypto';
import { AuditLog } from '@app/audit';
import { Sealer, TransparencyModule } from '@app/transparency';
import pg from 'pg';
import { createTestDatabase } from '../support/database.js';
import { createTestModule } from '../support/module.js';
import { ServiceProcess } from './service-process.js';

const somebody = { id: '00000000-0000-7000-8000-0000000000aa', name: 'somebody', kind: 'USER' };
const object = { kind: 'RUN', id: null, name: 'run', within: null } as const;
const appendOnly = [
  'audit_events',
  'log_checkpoints',
  'log_tiles',
  'promotion_statements',
  'sealed_events',
  'stage_transitions',
];

const columns: Record<string, string> = {
  log_checkpoints: 'note',
  log_tiles: 'root',
  promotion_statements: 'request_id',
  sealed_events: 'leaf_hash',
};

describe('the role that the service works as', () => {
  const role = `imprimatur_service_${randomBytes(4).toString('hex')}`;
  let database: { url: string; drop(): Promise<void> };
  let serviceUrl: string;
  let [owner, service]: pg.Client[] = [];

  beforeAll(async () => {
    database = await createTestDatabase('template1');
    serviceUrl = Object.assign(new URL(database.url), { username: role, password: 'of a test' }).href;
    const env = { DATABASE_URL: serviceUrl, MIGRATION_DATABASE_URL: database.url };
    // A second time, as before each new version, it changes nothing.
    for (let time = 0; time < 2; time++) {
      expect(await new ServiceProcess(['prisma/migrate.mjs', 'deploy'], env).exited).toBe(0);
    }
    [owner, service] = [database.url, serviceUrl].map((connectionString) => new pg.Client({ connectionString }));
    await Promise.all([owner?.connect(), service?.connect()]);
  });
  afterAll(async () => {
    await service?.end();
    await owner?.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    await owner?.end();
    await database.drop();
  });

  it('can add to every table, and change nothing of what is only ever added to', async () => {
    const { rows } = await (owner as pg.Client).query(
      `SELECT relname AS name, has_table_privilege($1, oid, 'INSERT') AS adds,
         has_table_privilege($1, oid, 'UPDATE') OR has_any_column_privilege($1, oid, 'UPDATE')
           OR has_table_privilege($1, oid, 'DELETE') OR has_table_privilege($1, oid, 'TRUNCATE') AS changes
       FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname`,
      [role],
    );
    expect(rows.filter(({ adds }) => !adds)).toMatchObject([{ name: '_prisma_migrations' }]);
    expect(
      rows.filter(({ name, changes }) => !changes && name !== '_prisma_migrations').map(({ name }) => name),
    ).toEqual(appendOnly);
  });

  it.each(appendOnly)('%s: PostgreSQL refuses the role, and the trigger its owner', async (table) => {
    const column = columns[table] ?? 'id';
    const changes = [`UPDATE ${table} SET ${column} = ${column}`, `DELETE FROM ${table}`, `TRUNCATE ${table}`];
    for (const change of changes) {
      await expect((service as pg.Client).query(change)).rejects.toThrow(`permission denied for table ${table}`);
    }
    await expect((owner as pg.Client).query(`TRUNCATE ${table}`)).rejects.toThrow(`${table} is append-only`);
  });

  it('cannot get around it', async () => {
    for (const [statement, refusal] of [
      ['ALTER TABLE audit_events DISABLE TRIGGER ALL', 'must be owner'],
      ['DROP TABLE audit_events', 'must be owner'],
      ['DROP TRIGGER audit_events_append_only ON audit_events', 'must be owner'],
      [`SELECT delete_audit_period('REFUSALS', 1, 1, 'somebody', 'no reason')`, 'permission denied for function'],
      ['SET session_replication_role = replica', 'permission denied'],
      ['CREATE TABLE public.another (id int)', 'permission denied'],
    ] as const) {
      await expect((service as pg.Client).query(statement)).rejects.toThrow(refusal);
    }
  });

  it('records and seals', async () => {
    const t = await createTestModule([TransparencyModule], { DATABASE_URL: serviceUrl });
    await t.as(somebody, () => t.module.get(AuditLog).record({ action: 'run.thought', object }));
    expect(await t.module.get(Sealer).seal()).toMatchObject({ sealed: 1 });
    await t.close();
  });
});
