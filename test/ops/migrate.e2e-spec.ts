import { createTestDatabase } from '../support/database.js';
import { ServiceProcess } from './service-process.js';

describe('migrations', () => {
  it('are applied once when several processes start at the same moment', async () => {
    const database = await createTestDatabase('template1');
    const deploy = () => new ServiceProcess(['prisma/migrate.mjs', 'deploy'], { DATABASE_URL: database.url });
    const processes = [deploy(), deploy(), deploy()];
    expect(await Promise.all(processes.map(({ exited }) => exited))).toEqual([0, 0, 0]);
    expect(processes.filter(({ output }) => output.includes('_initial'))).toHaveLength(1);
    expect(processes.filter(({ output }) => output.includes('nothing, all is up to date'))).toHaveLength(2);
    await database.drop();
  });
});
