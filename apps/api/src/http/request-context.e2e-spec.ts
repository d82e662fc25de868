import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';

describe('every route', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp();
  });
  afterAll(() => t.close());

  it('refuses a request without a caller, in the form of its surface', async () => {
    const mlflow = await t.call('GET', '/api/2.0/mlflow/experiments/get');
    expect(mlflow).toMatchObject({ status: 401, body: { error_code: 'UNAUTHENTICATED' } });
    expect(mlflow.headers.get('www-authenticate')).toContain('Basic');
    expect(await t.call('GET', '/no/such/route')).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
  });

  it.each(['Bearer', 'Bearer nonsense', 'Basic !!!', 'Digest x', 'bearer  '])(
    'refuses the header "%s"',
    async (authorization) => {
      expect((await t.call('GET', '/api/2.0/mlflow/x', { headers: { authorization } })).status).toBe(401);
    },
  );

  it('takes a bearer token and HTTP basic, until the token is revoked', async () => {
    const user = await t.make.user('ada');
    const basic = `Basic ${Buffer.from(`ada:${user.token}`).toString('base64')}`;
    expect(await t.call('GET', '/api/2.0/mlflow/x', { token: user.token })).toMatchObject({
      status: 404,
      body: { error_code: 'ENDPOINT_NOT_FOUND' },
    });
    expect((await t.call('GET', '/ajax-api/2.0/mlflow/x', { headers: { authorization: basic } })).status).toBe(404);
    await t.db.execute(sql`UPDATE access_tokens SET revoked_at = now() WHERE principal_id = ${user.id}::uuid`);
    expect((await t.call('GET', '/api/2.0/mlflow/x', { token: user.token })).status).toBe(401);
    await t.db.execute(
      sql`UPDATE access_tokens SET revoked_at = NULL, expires_at = now() - interval '1 s' WHERE principal_id = ${user.id}::uuid`,
    );
    expect((await t.call('GET', '/api/2.0/mlflow/x', { token: user.token })).status).toBe(401);
  });

  it('answers a URL that cannot be decoded with the surface’s own error', async () => {
    expect(await t.call('GET', '/api/2.0/mlflow/%ff')).toMatchObject({
      status: 400,
      body: { error_code: 'BAD_REQUEST', message: expect.stringContaining('%ff') },
    });
    expect(await t.call('GET', '/health/%ff')).toMatchObject({ status: 400, body: { code: 'INVALID_ARGUMENT' } });
  });

  it('answers a body that is no JSON with the surface’s own error', async () => {
    const user = await t.make.user();
    const answer = await t.call('POST', '/api/2.0/mlflow/x', {
      token: user.token,
      body: '{"broken":',
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.body.error_code).toBeDefined();
  });
});
