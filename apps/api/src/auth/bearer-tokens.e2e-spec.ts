import { createHmac, type KeyObject } from 'node:crypto';
import { hashToken } from '@app/access';
import { decodeProtectedHeader, exportSPKI, importJWK, type JWTPayload } from 'jose';
import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';
import { graphql } from '../../../../test/support/graphql.js';
import { client, newSigningKey, TestOpenidProvider } from '../../../../test/support/openid-provider.js';
import { countStatements } from '../../../../test/support/statements.js';

const seconds = () => Math.floor(Date.now() / 1000);
const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('tokens of an OpenID Connect issuer', () => {
  let provider: TestOpenidProvider;
  let t: TestApp;
  let admin: string;
  beforeAll(async () => {
    provider = await TestOpenidProvider.create('https://imprimatur.test/auth/callback');
    t = await createTestApp({
      OIDC_ISSUERS: JSON.stringify([provider.settings()]),
      AUTH_FAILURES_PER_ADDRESS: '1000',
      AUTH_FAILURES_PER_PRINCIPAL: '1000',
    });
    admin = (await t.make.admin('root')).token;
  });
  afterAll(async () => {
    await t.close();
    await provider.stop();
  });

  const whoIs = (token: string) => t.call('GET', '/auth/session', { token });
  const ada = (more: JWTPayload = {}): JWTPayload => ({
    sub: 'sub-ada',
    preferred_username: 'ada',
    name: 'Ada L.',
    ...more,
  });
  const message = async (token: string) => {
    const { status, body } = await whoIs(token);
    return `${status} ${body.message}`;
  };

  it('make a user at the first login, once, and are that user from then on', async () => {
    const tokens = await Promise.all(Array.from({ length: 8 }, (_, i) => provider.sign(ada({ jti: String(i) }))));
    const answers = await Promise.all(tokens.map(whoIs));
    for (const { status, body } of answers) {
      expect({ status, body }).toMatchObject({
        status: 200,
        body: { principal: { kind: 'USER', name: 'ada', displayName: 'Ada L.' }, expiresAt: null, narrowing: null },
      });
    }
    expect(new Set(answers.map(({ body }) => body.principal.id)).size).toBe(1);
    const created = await t.db.prisma.auditEvent.findMany({
      where: { action: 'principal.created', objectName: 'ada' },
    });
    expect(created).toMatchObject([{ actorName: 'ada', reason: 'first login', after: { subject: 'sub-ada' } }]);
  });

  it('are the access tokens that the provider itself gives to programs', async () => {
    await provider.setClaims('sub-alan', { preferred_username: 'alan', groups: [] });
    const token = await provider.accessTokenOf('sub-alan');
    expect(decodeProtectedHeader(token).typ).toBe('at+jwt');
    expect((await whoIs(token)).body.principal).toMatchObject({ kind: 'USER', name: 'alan' });
  });

  it('work on every surface, as the password of HTTP basic too, in one statement', async () => {
    const token = await provider.sign(ada());
    expect((await graphql(t, token, '{ viewer { name } }')).data).toEqual({ viewer: { name: 'ada' } });
    const search = '/api/2.0/mlflow/experiments/search';
    expect((await t.call('POST', search, { token, body: { max_results: 1 } })).status).toBe(200);
    const basic = (user: string) => ({ authorization: `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}` });
    expect((await t.call('POST', search, { headers: basic('ADA'), body: { max_results: 1 } })).status).toBe(200);
    expect((await t.call('POST', search, { headers: basic('eve'), body: { max_results: 1 } })).status).toBe(401);
    const statements = countStatements(t.app);
    await t.call('GET', '/api/2.0/nothing-here', { token });
    expect(statements.stop()).toHaveLength(1);
  });

  it.each<[string, JWTPayload, string]>([
    ['has expired beyond the skew', ada({ exp: seconds() - 61 }), '401 the token has expired'],
    ['is not valid yet', ada({ nbf: seconds() + 3600 }), '401 the token is not valid yet'],
    ['was issued in the future', ada({ iat: seconds() + 3600 }), '401 the token is not valid yet'],
    ['is an ID token, for the client', ada({ aud: client.id }), '401 the token is for another audience'],
    [
      'is of another issuer',
      ada({ iss: 'https://elsewhere.example' }),
      '401 the token is not valid: no configured issuer',
    ],
    ['has a subject that is too long', ada({ sub: 's'.repeat(256) }), '401 the claim "sub" of the token'],
    ['has a subject that cannot be stored', ada({ sub: 'a\0b' }), '401 the claim "sub" of the token'],
    ['was issued before there was time', ada({ iat: -1e300 }), '401 the claim "iat" of the token'],
    ['has no subject', { preferred_username: 'ada' }, '401 the claim "sub" of the token is missing'],
    ['tells of a logout', ada({ events: {} }), '401 the token tells of an event'],
    ['is bound to a key', ada({ cnf: { jkt: 'x' } }), '401 the token is bound to a key'],
  ])('are refused when the token %s', async (_what, claims, told) => {
    expect(await message(await provider.sign(claims))).toContain(told);
  });

  it('are taken within the clock skew', async () => {
    expect((await whoIs(await provider.sign(ada({ exp: seconds() - 30 })))).status).toBe(200);
    expect((await whoIs(await provider.sign(ada({ nbf: seconds() + 30 })))).status).toBe(200);
  });

  it.each(['logout+jwt', 'dpop+jwt', 'secevent+jwt'])('are refused as a %s', async (typ) => {
    expect(await message(await provider.sign(ada(), { typ }))).toContain(`401 the token is a ${typ}`);
  });

  it('are refused unsigned, and signed with the public key as a secret', async () => {
    const claims = {
      iss: provider.issuer,
      aud: 'https://imprimatur.test',
      iat: seconds(),
      exp: seconds() + 60,
      ...ada(),
    };
    const [key] = provider.keys;
    const refused = '401 the token is not valid: no configured issuer signed it';
    expect(await message(`${base64({ alg: 'none', kid: key?.kid })}.${base64(claims)}.`)).toContain(refused);
    const { d, p, q, dp, dq, qi, ...publicJwk } = key?.jwk ?? {};
    const pem = await exportSPKI(
      (await importJWK(publicJwk, 'RS256')) as Exclude<Awaited<ReturnType<typeof importJWK>>, Uint8Array> & KeyObject,
    );
    for (const secret of [pem, pem.trim(), JSON.stringify(publicJwk)]) {
      const signed = `${base64({ alg: 'HS256', kid: key?.kid })}.${base64(claims)}`;
      const signature = createHmac('sha256', secret).update(signed).digest('base64url');
      expect(await message(`${signed}.${signature}`)).toContain(refused);
    }
  });

  it('are refused with another key under the same name, or claims that were changed', async () => {
    const refused = '401 the token is not valid';
    const { kid } = provider.keys[0] as { kid: string };
    expect(await message(await provider.sign(ada(), { kid }, await newSigningKey()))).toContain(refused);
    const [header, , signature] = (await provider.sign(ada())).split('.');
    const forged = base64({
      iss: provider.issuer,
      aud: 'https://imprimatur.test',
      iat: seconds(),
      exp: seconds() + 60,
      sub: 'root',
    });
    expect(await message(`${header}.${forged}.${signature}`)).toContain(refused);
  });

  it('take over no user that is here already, until an administrator links the two', async () => {
    const local = await t.make.user('grace');
    const token = await provider.sign({ sub: 'sub-grace', preferred_username: 'Grace' });
    expect(await whoIs(token)).toMatchObject({ status: 403, body: { reason: 'NAME_TAKEN' } });
    const link = `mutation($i: ExternalIdentityInput!) { externalIdentityLink(input: $i) { errors { code message } } }`;
    const i = { principal: 'grace', issuer: provider.issuer, externalId: 'sub-grace' };
    expect((await graphql(t, local.token, link, { i })).data.externalIdentityLink.errors[0].code).toBe(
      'MISSING_PRIVILEGE',
    );
    expect((await graphql(t, admin, link, { i })).data.externalIdentityLink.errors).toEqual([]);
    expect((await whoIs(token)).body.principal).toMatchObject({ id: local.id, name: 'grace' });
    expect(
      (await graphql(t, admin, link, { i: { ...i, externalId: 'other' } })).data.externalIdentityLink.errors[0],
    ).toMatchObject({ code: 'LINKED_ALREADY' });
    expect((await graphql(t, admin, link, { i })).data.externalIdentityLink.errors[0]).toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    expect(
      (await graphql(t, admin, link, { i: { ...i, issuer: 'https://x' } })).data.externalIdentityLink.errors[0].message,
    ).toContain(provider.issuer);
    const shown = '{ principal(name: "grace") { externalIdentities { issuer externalId } } }';
    const linked = [{ issuer: provider.issuer, externalId: 'sub-grace' }];
    expect((await graphql(t, local.token, shown)).data.principal.externalIdentities).toEqual(linked);
    expect((await graphql(t, (await t.make.user()).token, shown)).data.principal.externalIdentities).toEqual([]);
    const unlink = link.replace('Link(', 'Unlink(');
    expect((await graphql(t, admin, unlink, { i })).data.externalIdentityUnlink.errors).toEqual([]);
    expect((await whoIs(token)).status).toBe(403);
  });

  it.each([
    [{}, 'has no claim "preferred_username"'],
    [{ preferred_username: 'a:b' }, '"a:b", cannot name a user'],
    [{ preferred_username: 'ad\u200ba' }, 'cannot name a user'],
    [{ preferred_username: '00000000-0000-7000-8000-000000000002' }, 'cannot name a user'],
  ])('cannot name a new user by %j', async (claims, told) => {
    const { status, body } = await whoIs(await provider.sign({ sub: 'nameless', ...claims }));
    expect({ status, ...body }).toMatchObject({
      status: 403,
      reason: 'NAME_UNUSABLE',
      message: expect.stringContaining(told),
    });
  });

  it('are refused once their user is disabled, and again when he is enabled they are his', async () => {
    const token = await provider.sign({ sub: 'sub-leaver', preferred_username: 'leaver' });
    expect((await whoIs(token)).status).toBe(200);
    const change = (verb: string) =>
      graphql(t, admin, `mutation { principal${verb}(input: { name: "leaver" }) { errors { code } } }`);
    await change('Disable');
    expect(await message(token)).toBe('401 the token is not valid: its owner is disabled');
    await change('Enable');
    expect((await whoIs(token)).status).toBe(200);
  });

  it('keeps tokens that people made working beside them, one that looks like a JWT too', async () => {
    const { id, name } = await t.make.user();
    const chosen = 'chosen.by.an-operator';
    await t.db.execute(sql`INSERT INTO access_tokens (id, principal_id, name, prefix, hash)
      VALUES (gen_random_uuid(), ${id}::uuid, 'x', 'x', ${hashToken(chosen)})`);
    expect((await whoIs(chosen)).body.principal.name).toBe(name);
  });
});
