import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { graphql } from '../../../../test/support/graphql.js';

const model = 'prod.fraud.scorer';
const keysPath = '/.well-known/imprimatur-keys.json';
const script = path.resolve(__dirname, '../../../../scripts/verify-statement.mjs');

describe('the statement of an applied promotion', () => {
  let t: TestApp;
  let scientist: TestPrincipal;
  let lead: TestPrincipal;
  let applied: number;
  let open: number;

  beforeAll(async () => {
    t = await createTestApp();
    [scientist, lead] = [await t.make.user(), await t.make.user()];
    const schema = await t.make.schema('prod.fraud', await t.make.user());
    const catalog = { id: schema.catalogId as string };
    const usage = ['USE_CATALOG', 'USE_SCHEMA', 'EXECUTE'] as const;
    await t.make.grant(scientist, catalog, ...usage, 'CREATE_MODEL', 'CREATE_MODEL_VERSION', 'REQUEST_PROMOTION');
    await t.make.grant(lead, catalog, ...usage, 'APPROVE_PROMOTION', 'MANAGE_POLICY');
    await mutate(scientist, 'modelCreate', 'ModelCreateInput', { fullName: model });
    await mutate(lead, 'policyCreate', 'PolicyCreateInput', {
      on: { kind: 'CATALOG', fullName: 'prod' },
      name: 'production',
      rules: {
        protects: { aliases: ['champion', 'challenger'] },
        gates: [],
        approvals: [{ name: 'lead', count: 1, approvers: [lead.name] }],
      },
    });
    const version = await register();
    const first = await request(version, 'champion');
    const { number, evidenceDigest } = first;
    const decision = { number, evidenceDigest, verdict: 'APPROVE' };
    await mutate(lead, 'promotionRequestDecide', 'PromotionRequestDecideInput', decision);
    [applied, open] = [number, (await request(version, 'challenger')).number];
  });
  afterAll(() => t.close());

  async function mutate(who: TestPrincipal, name: string, type: string, input: object, fields = '') {
    const document = `mutation($input: ${type}!) { ${name}(input: $input) { ${fields} errors { message } } }`;
    const { data } = await graphql(t, who.token, document, { input });
    expect(data[name].errors).toEqual([]);
    return data[name];
  }

  async function register(): Promise<number> {
    const call = async (route: string, body: object) =>
      (await t.call('POST', `/api/2.0/mlflow/${route}`, { token: scientist.token, body })).body;
    const { experiment_id } = await call('experiments/create', { name: 'experiment' });
    const { run } = await call('runs/create', { experiment_id });
    const source: string = run.info.artifact_uri;
    const file = `${source.replace('mlflow-artifacts:', '/api/2.0/mlflow-artifacts/artifacts')}/model.bin`;
    await t.call('PUT', file, { token: scientist.token, body: 'weights' });
    const { model_version } = await call('model-versions/create', { name: model, source, run_id: run.info.run_id });
    return Number(model_version.version);
  }

  async function request(version: number, alias: string): Promise<{ number: number; evidenceDigest: string }> {
    const input = { model, version, target: { kind: 'ALIAS', name: alias }, justification: 'better' };
    const fields = 'promotionRequest { number evidenceDigest }';
    return (await mutate(scientist, 'promotionRequestCreate', 'PromotionRequestCreateInput', input, fields))
      .promotionRequest;
  }

  const download = (token: string | undefined, number: number | string = applied) =>
    t.call('GET', `/attestations/${number}`, token ? { token } : {});
  const document =
    'query($number: Int!) { promotionRequest(number: $number) { statement { keyId predicateType envelope } } }';
  const statement = async (token: string, number = applied) =>
    (await graphql(t, token, document, { number })).data.promotionRequest?.statement;

  it('is downloaded by whoever may EXECUTE the model, and verified with the public keys', async () => {
    const answer = await download(scientist.token);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('application/vnd.dsse.envelope.v1+json');
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="promotion-${applied}.intoto.json"`);
    const keys = await t.call('GET', keysPath);
    expect(keys.status).toBe(200);
    expect(keys.headers.get('cache-control')).toBe('public, max-age=300');
    const files = Object.entries({ statement: answer.body, keys: keys.body }).map(([name, content]) => {
      const file = path.join(t.env.DATA_DIR as string, `${name}.json`);
      fs.writeFileSync(file, JSON.stringify(content));
      return file;
    });
    const { stdout } = await promisify(execFile)(process.execPath, [script, ...files]);
    expect(JSON.parse(stdout)).toMatchObject({ verified: true, request: applied, model });

    const { keyId, envelope, predicateType } = await statement(scientist.token);
    expect(envelope).toEqual(answer.body);
    expect({ keyId, predicateType }).toEqual({
      keyId: keys.body.keys[0].kid,
      predicateType: 'https://imprimatur.dev/attestations/promotion/v1',
    });
  });

  it('publishes public keys only', async () => {
    const { body } = await t.call('GET', keysPath);
    expect(body.keys).toEqual([
      {
        ...{ kty: 'OKP', crv: 'Ed25519', use: 'sig', alg: 'EdDSA', retiredAt: null },
        ...{ kid: expect.any(String), x: expect.any(String), introducedAt: expect.any(String) },
      },
    ]);
  });

  it('is hidden from strangers and from other tenants, as if absent', async () => {
    const neighbour = await t.make.user();
    const other = await t.make.schema('other.schema', neighbour);
    await t.make.grant(neighbour, { id: other.catalogId as string }, 'ALL_PRIVILEGES', 'MANAGE');
    for (const { token } of [await t.make.user(), neighbour]) {
      const [hidden, absent] = [await download(token), await download(token, 999_999)];
      expect(hidden.status).toBe(404);
      expect(hidden.headers.get('content-type')).toContain('application/json');
      expect({ ...hidden.body, requestId: '' }).toEqual({
        ...absent.body,
        message: absent.body.message.replace('999999', String(applied)),
        requestId: '',
      });
      expect(await statement(token)).toBeUndefined();
    }
    expect((await download(undefined)).status).toBe(401);
  });

  it('is refused to whoever sees the request, and may not EXECUTE the model', async () => {
    const auditor = await t.make.user();
    const { body } = await t.call('POST', '/graphql', {
      token: lead.token,
      body: { query: `{ catalog(name: "prod") { id } }` },
    });
    const id = Buffer.from(body.data.catalog.id, 'base64url').toString().split(':')[1] as string;
    await t.make.grant(auditor, { id }, 'USE_CATALOG', 'USE_SCHEMA', 'READ_AUDIT');
    expect(await download(auditor.token)).toMatchObject({ status: 403, body: { code: 'PERMISSION_DENIED' } });
    expect(await statement(auditor.token)).toBeNull();
  });

  it('is there for applied requests only', async () => {
    const answer = await download(scientist.token, open);
    expect(answer).toMatchObject({ status: 404, body: { reason: 'NO_STATEMENT' } });
    expect(answer.body.message).toContain('it is AWAITING_APPROVAL');
    expect(await statement(scientist.token, open)).toBeNull();
  });

  it.each(['abc', '-1', '1.5', '99999999999'])('is not asked for by "%s"', async (number) => {
    const answer = await download(scientist.token, number);
    expect(answer).toMatchObject({ status: 400, body: { message: expect.stringContaining(`number: "${number}"`) } });
  });
});
