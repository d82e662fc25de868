import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Queue, setDefaultBackendFactory, Worker } from 'bullmq';
import pg from 'pg';
import { createTestDatabase } from '../../../../test/support/database.js';
import { createPatientBackend } from './postgres-backend.js';

describe('a worker whose queue cannot begin', () => {
  const role = `queue_${randomBytes(4).toString('hex')}`;
  let database: { url: string; drop(): Promise<void> };
  let owner: pg.Client;
  let connection: never;

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = new pg.Client({ connectionString: database.url });
    await owner.connect();
    await owner.query(`CREATE ROLE ${role} LOGIN PASSWORD 'of a test'`);
    const url = Object.assign(new URL(database.url), { username: role, password: 'of a test' });
    connection = { connectionString: url.href, schema: 'bullmq', migrate: true, max: 2 } as never;
    setDefaultBackendFactory(createPatientBackend as never);
  });
  afterAll(async () => {
    setDefaultBackendFactory(undefined);
    await owner.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
    await owner.end();
    await database.drop();
  });

  it('says so, leaves the process to others, and works when it can', async () => {
    let done: (data: unknown) => void = () => {};
    const handled = new Promise((resolve) => (done = resolve));
    const worker = new Worker('jobs', async ({ data }) => done(data), { connection });
    const problems: string[] = [];
    worker.on('error', ({ message }) => problems.push(message));
    await new Promise((resolve) => worker.once('error', resolve));
    expect(problems[0]).toContain('permission denied');
    // Each attempt is one problem, and between two of them there is time for everything else.
    await setTimeout(100);
    expect(problems.length).toBeLessThan(4);

    await owner.query(`GRANT CREATE ON DATABASE ${new URL(database.url).pathname.slice(1)} TO ${role}`);
    const queue = new Queue('jobs', { connection });
    queue.on('error', () => undefined);
    await queue.add('job', { number: 7 });
    expect(await handled).toEqual({ number: 7 });
    await Promise.all([worker.close(), queue.close()]);
  });
});
