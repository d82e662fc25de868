import { Authenticator, builtInPrincipals, hashToken, PermissionDenied } from '@app/access';
import { FailedPrecondition, InvalidArgument, NotFound, TransactionalPool } from '@app/platform';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { prefixOf } from './access-token.js';
import { AccessTokens } from './access-token.service.js';
import { IdentityModule } from './identity.module.js';

describe('AccessTokens', () => {
  let t: TestModule;
  let make: Factories;
  let tokens: AccessTokens;
  let admin: TestPrincipal;
  let user: TestPrincipal;
  let other: TestPrincipal;

  beforeAll(async () => {
    t = await createTestModule([IdentityModule]);
    make = new Factories(t.db);
    tokens = t.module.get(AccessTokens);
    admin = await make.admin();
    user = await make.user('ada');
    other = await make.user();
  });
  afterAll(() => t.close());

  const signIn = (token: string) => t.module.get(Authenticator).authenticate(`Bearer ${token}`);

  it('are shown once and kept as a hash; they sign in until they are revoked', async () => {
    const { token, accessToken } = await t.as(user, () => tokens.create({ name: 'laptop' }));
    expect(token).toMatch(/^imp_[A-Za-z0-9_-]{43}$/);
    expect(accessToken).toMatchObject({
      principalId: user.id,
      name: 'laptop',
      prefix: token.slice(0, 8),
      revokedAt: null,
    });
    expect((await signIn(token)).caller).toEqual({ id: user.id, name: 'ada', kind: 'USER' });

    const stored = await t.db.first<Record<string, unknown>>(
      sql`SELECT * FROM access_tokens WHERE id = ${accessToken.id}::uuid`,
    );
    expect(stored?.hash).toBe(hashToken(token));
    const trail = await t.db.query<Record<string, unknown>>(
      sql`SELECT action, object_name, before, after FROM audit_events WHERE object_id = ${accessToken.id} ORDER BY id`,
    );
    expect(trail).toEqual([
      {
        action: 'access_token.created',
        object_name: 'ada/laptop',
        before: null,
        after: { name: 'laptop', prefix: token.slice(0, 8), expiresAt: null, readOnly: false, catalogId: null },
      },
    ]);
    expect(JSON.stringify([stored, trail])).not.toContain(token);

    await t.as(user, () => tokens.revoke(accessToken.id));
    await expect(signIn(token)).rejects.toThrow('the token is not valid');
  });

  it('are looked up together when they come at the same moment, and each is told its own', async () => {
    const revoked = await t.as(user, () => tokens.create({ name: 'revoked' }));
    await t.as(user, () => tokens.revoke(revoked.accessToken.id));
    await Promise.all([user, other].map(({ token }) => signIn(token)));
    const query = jest.spyOn(t.module.get(TransactionalPool), 'query');
    const shown = [user.token, other.token, revoked.token, 'imp_unknown', user.token, other.token];
    const outcomes = await Promise.allSettled(shown.map(signIn));
    const statements = query.mock.calls.length;
    query.mockRestore();
    const callers = outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? outcome.value.caller.id : outcome.status,
    );
    expect(callers).toEqual([user.id, other.id, 'rejected', 'rejected', user.id, other.id]);
    // The first goes at once, and the others together.
    expect(statements).toBe(2);
  });

  it('are revoked with one event, also by two at once', async () => {
    const { accessToken } = await t.as(user, () => tokens.create({ name: 'twice' }));
    const both = await Promise.all([1, 2].map(() => t.as(user, () => tokens.revoke(accessToken.id))));
    expect(both.some(({ revokedAt }) => revokedAt !== null)).toBe(true);
    expect((await t.as(user, () => tokens.revoke(accessToken.id))).revokedAt).not.toBeNull();
    const events = await t.db.query(
      sql`SELECT 1 FROM audit_events WHERE object_id = ${accessToken.id} AND action = 'access_token.revoked'`,
    );
    expect(events).toHaveLength(1);
  });

  it('end at their expiry, which lies in the future', async () => {
    const expiresAt = new Date(Date.now() + 60_000);
    const { token, accessToken } = await t.as(user, () => tokens.create({ name: 'short', expiresAt }));
    expect(accessToken.expiresAt).toEqual(expiresAt);
    await signIn(token);
    await t.db.execute(
      sql`UPDATE access_tokens SET expires_at = now() - interval '1 s' WHERE id = ${accessToken.id}::uuid`,
    );
    await expect(signIn(token)).rejects.toThrow('the token is not valid');
    for (const past of [new Date(Date.now() - 1), new Date(Number.NaN)]) {
      await expect(t.as(user, () => tokens.create({ name: 'late', expiresAt: past }))).rejects.toThrow(InvalidArgument);
    }
  });

  it.each(['', ' x', 'a\nb', 'x'.repeat(256), '\ud800'])('refuse the name %j', async (name) => {
    await expect(t.as(user, () => tokens.create({ name }))).rejects.toThrow(InvalidArgument);
  });

  it('are made for others by an administrator only', async () => {
    await expect(t.as(user, () => tokens.create({ name: 'x', for: other.id }))).rejects.toThrow(PermissionDenied);
    const { token, accessToken } = await t.as(admin, () => tokens.create({ name: 'ci', for: other.name }));
    expect(accessToken).toMatchObject({ principalId: other.id, createdBy: admin.id });
    expect((await signIn(token)).caller.id).toBe(other.id);
  });

  it('are not made for a group, a built-in principal, a disabled one, or nobody', async () => {
    const team = await make.group();
    const away = await make.user();
    await t.db.execute(sql`UPDATE principals SET disabled_at = now() WHERE id = ${away.id}::uuid`);
    const makeFor = (whom: string) => t.as(admin, () => tokens.create({ name: 'x', for: whom }));
    await expect(makeFor(team.id)).rejects.toThrow('cannot sign in');
    await expect(makeFor(builtInPrincipals.gates)).rejects.toThrow('cannot sign in');
    await expect(makeFor(away.id)).rejects.toThrow(FailedPrecondition);
    await expect(makeFor('nobody')).rejects.toThrow(NotFound);
  });

  it('are listed newest first: one’s own, and anybody’s for an administrator', async () => {
    const lister = await make.user();
    for (const name of ['one', 'two']) await t.as(lister, () => tokens.create({ name }));
    const own = await t.as(lister, () => tokens.list(null, { first: 2 }));
    expect(own.edges.map(({ node }) => node.name)).toEqual(['two', 'one']);
    expect(own.hasNextPage).toBe(true);
    expect(await t.as(lister, () => tokens.count(lister.id))).toBe(3);
    expect(await t.as(admin, () => tokens.count(lister.id))).toBe(3);
    await expect(t.as(user, () => tokens.list(lister.id, { first: 2 }))).rejects.toThrow(PermissionDenied);
    await expect(t.as(admin, () => tokens.list('no-id', { first: 2 }))).rejects.toThrow(NotFound);
  });

  it('of others are hidden, like those that do not exist', async () => {
    const { accessToken } = await t.as(other, () => tokens.create({ name: 'mine' }));
    await expect(t.as(user, () => tokens.revoke(accessToken.id))).rejects.toThrow(NotFound);
    await expect(t.as(user, () => tokens.revoke('no-id'))).rejects.toThrow(NotFound);
    expect((await t.as(admin, () => tokens.revoke(accessToken.id))).revokedAt).not.toBeNull();
  });

  it('show at most a quarter of a token that an operator chose', () => {
    expect(prefixOf('0123456789abcdef')).toBe('0123');
    expect(prefixOf(`imp_${'x'.repeat(43)}`)).toBe('imp_xxxx');
  });
});
