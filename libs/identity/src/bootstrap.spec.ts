import { Access, Authenticator, METASTORE_ID, type Securable, SecurableRepository } from '@app/access';
import { FailedPrecondition } from '@app/platform';
import sql from 'sql-template-tag';
import { Factories } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { Bootstrap } from './bootstrap.service.js';
import { IdentityModule } from './identity.module.js';

describe('Bootstrap', () => {
  let t: TestModule;
  let bootstrap: Bootstrap;
  let authenticator: Authenticator;
  beforeEach(async () => {
    t = await createTestModule([IdentityModule]);
    bootstrap = t.module.get(Bootstrap);
    authenticator = t.module.get(Authenticator);
  });
  afterEach(() => t.close());

  const signIn = async (token: string) => (await authenticator.authenticate(`Bearer ${token}`)).caller;
  const actions = async () =>
    (
      await t.db.query<{ action: string; actor: string }>(
        sql`SELECT action, actor_name AS actor FROM audit_events ORDER BY id`,
      )
    ).map(({ action, actor }) => `${actor}: ${action}`);

  it('makes an administrator with a random token, once', async () => {
    const first = await bootstrap.bootstrapAdmin();
    expect(first).toEqual({ created: true, token: expect.stringMatching(/^imp_[A-Za-z0-9_-]{43}$/) });
    const admin = await signIn(first.token as string);
    expect(admin.name).toBe('admin');
    const metastore = (await t.module.get(SecurableRepository).byId(METASTORE_ID)) as Securable;
    expect(await t.as(admin, () => t.module.get(Access).allowed('MANAGE', metastore))).toBe(true);
    expect(await bootstrap.bootstrapAdmin()).toEqual({ created: false });
    expect(await actions()).toEqual([
      'admin: principal.created',
      'admin: group.member_added',
      'admin: access_token.created',
    ]);
  });

  it('makes sure that the given token works, start after start', async () => {
    const token = 'a-token-of-the-operator';
    expect(await bootstrap.bootstrapAdmin(token)).toEqual({ created: true, token });
    const { id } = await signIn(token);
    expect(await bootstrap.bootstrapAdmin(token)).toEqual({ created: false });

    await t.db.execute(sql`UPDATE access_tokens SET revoked_at = now()`);
    await expect(signIn(token)).rejects.toThrow();
    await bootstrap.bootstrapAdmin(token);
    expect((await signIn(token)).id).toBe(id);

    const next = 'another-token-of-the-operator';
    expect(await bootstrap.bootstrapAdmin(next)).toEqual({ created: false });
    expect((await signIn(next)).id).toBe(id);
    expect((await actions()).slice(3)).toEqual(['admin: access_token.restored', 'admin: access_token.created']);
  });

  it('makes one administrator when processes start at once', async () => {
    const results = await Promise.all([1, 2, 3, 4].map(() => bootstrap.bootstrapAdmin()));
    expect(results.filter(({ created }) => created)).toHaveLength(1);
    expect(await actions()).toHaveLength(3);
  });

  it('leaves an installation alone that has another administrator', async () => {
    const make = new Factories(t.db);
    const team = await make.group([await make.user()]);
    await make.member('00000000-0000-7000-8000-000000000002', team.id);
    expect(await bootstrap.bootstrapAdmin('a-token-of-the-operator')).toEqual({ created: false });
    expect(await actions()).toEqual([]);
    await expect(signIn('a-token-of-the-operator')).rejects.toThrow();
  });

  it('brings the administrator back when nobody else can act as one', async () => {
    const { token = '' } = await bootstrap.bootstrapAdmin();
    await t.db.execute(sql`UPDATE principals SET disabled_at = now() WHERE name = 'admin'`);
    await expect(signIn(token)).rejects.toThrow();
    const again = await bootstrap.bootstrapAdmin();
    expect(again.created).toBe(true);
    expect(await signIn(token)).toEqual(await signIn(again.token as string));
  });

  it('refuses a token of somebody else, and a name that is no user’s; nothing is written', async () => {
    const make = new Factories(t.db);
    const user = await make.user();
    await expect(bootstrap.bootstrapAdmin(user.token)).rejects.toThrow(
      'BOOTSTRAP_ADMIN_TOKEN is a token of somebody else',
    );
    await make.group([], 'Admin');
    await expect(bootstrap.bootstrapAdmin()).rejects.toThrow(FailedPrecondition);
    expect(await actions()).toEqual([]);
    expect(await t.db.query(sql`SELECT 1 FROM group_members`)).toEqual([]);
  });
});
