import { hashToken } from '@app/access';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { IdentityModule } from './identity.module.js';
import { localPath } from './login.service.js';
import { Sessions } from './session.service.js';

describe('sessions', () => {
  let t: TestModule;
  let sessions: Sessions;
  let ada: TestPrincipal;
  beforeAll(async () => {
    t = await createTestModule([IdentityModule]);
    sessions = t.module.get(Sessions);
    ada = await new Factories(t.db).user('ada');
  });
  afterAll(() => t.close());

  const count = async () => (await t.db.query(sql`SELECT 1 FROM sessions`)).length;

  it('end for those who hold the secret, and for nobody twice', async () => {
    const [one, two] = [await sessions.begin(ada), await sessions.begin(ada)];
    expect((await sessions.authenticate(one)).caller).toEqual({ id: ada.id, name: 'ada', kind: 'USER' });
    await t.as(ada, () => sessions.end(one));
    await t.as(ada, () => sessions.end(one));
    await expect(sessions.authenticate(one)).rejects.toThrow('your session has ended');
    expect((await sessions.authenticate(two)).caller.name).toBe('ada');
    const ended = await t.db.query(sql`SELECT 1 FROM audit_events WHERE action = 'session.ended'`);
    expect(ended).toHaveLength(1);
  });

  it('are forgotten when they are over, and not before', async () => {
    await t.db.execute(sql`DELETE FROM sessions`);
    const [over, idle, used] = [await sessions.begin(ada), await sessions.begin(ada), await sessions.begin(ada)];
    await t.db.execute(
      sql`UPDATE sessions SET expires_at = now() - interval '1 minute' WHERE hash = ${hashToken(over)}`,
    );
    await t.db.execute(
      sql`UPDATE sessions SET last_used_at = now() - interval '1 day' WHERE hash = ${hashToken(idle)}`,
    );
    await sessions.purge();
    expect(await count()).toBe(2);
    await expect(sessions.authenticate(idle)).rejects.toThrow('your session has ended');
    expect((await sessions.authenticate(used)).caller.name).toBe('ada');
  });

  it('go with their user', async () => {
    const leaver = await new Factories(t.db).user();
    const secret = await sessions.begin(leaver);
    await t.db.execute(sql`DELETE FROM principals WHERE id = ${leaver.id}::uuid`);
    await expect(sessions.authenticate(secret)).rejects.toThrow('your session has ended');
  });
});

describe('the path after a login', () => {
  it.each([
    ['/', '/'],
    ['/models/prod.fraud.scorer?tab=runs#top', '/models/prod.fraud.scorer?tab=runs#top'],
    ['/a/../b', '/b'],
    ['/@evil.example', '/@evil.example'],
    ['/a//b', '/a//b'],
    ['/?next=https://evil.example', '/?next=https://evil.example'],
    ['/%5cevil.example', '/%5cevil.example'],
    [undefined, '/auth/session'],
  ])('may be %j', (given, path) => {
    expect(localPath(given)).toBe(path);
  });

  it.each(['//evil', '///evil', '/\\evil', '/\t/evil', 'javascript:alert(1)', '/a\\b', '/x/..//evil', '/%2e%2e//evil'])(
    'may not be %j',
    (given) => {
      expect(() => localPath(given)).toThrow('must be a path of this service');
    },
  );
});
