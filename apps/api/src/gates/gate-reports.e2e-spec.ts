import { GateRuns } from '@app/gates';
import { runInContext } from '@app/platform';
import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { graphql } from '../../../../test/support/graphql.js';
import { worker } from '../../../../test/support/promotion.js';
import { passed, TestValidator } from '../../../../test/support/validator.js';

const model = 'prod.fraud.scorer';
const errors = 'errors { __typename code message path }';
const external = { validator: 'fairness', parameters: { atLeast: 0.9 }, metrics: ['auc'] };

describe('external gates at the doors', () => {
  let t: TestApp;
  let validator: TestValidator;
  let admin: TestPrincipal;
  let scientist: TestPrincipal;
  let service: TestPrincipal;
  let policyId: string;
  let runId: string;
  let number: number;
  let made = 0;

  const mutate = async (who: TestPrincipal, name: string, input: object, fields: string) => {
    const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
    const document = `mutation($input: ${type}!) { ${name}(input: $input) { ${fields} ${errors} } }`;
    const answer = await graphql(t, who.token, document, { input });
    if (answer.errors) throw new Error(JSON.stringify(answer.errors));
    return answer.data[name];
  };
  const rules = (config: object) => ({
    protects: { aliases: ['champion'] },
    gates: [{ key: 'fairness', type: 'EXTERNAL', external: config }],
  });

  beforeAll(async () => {
    t = await createTestApp({ OUTBOUND_ALLOW: '127.0.0.1', AUTH_FAILURES_PER_PRINCIPAL: '1000' });
    validator = await TestValidator.start();
    validator.answer = () => ({ status: 202 });
    admin = await t.make.admin();
    scientist = await t.make.user();
    service = await t.make.principal('SERVICE_PRINCIPAL');
    const schema = await t.make.schema('prod.fraud', await t.make.user());
    const catalog = { id: schema.catalogId as string };
    const usage = ['USE_CATALOG', 'USE_SCHEMA'] as const;
    await t.make.grant(scientist, catalog, ...usage, 'ALL_PRIVILEGES', 'MANAGE_POLICY');
    await t.make.grant(service, catalog, ...usage, 'REPORT_GATE');
    const made = await mutate(admin, 'validatorCreate', { name: 'fairness', url: validator.url }, 'secret');
    validator.secret = made.secret;
    await mutate(scientist, 'modelCreate', { fullName: model }, '');
    const on = { kind: 'CATALOG', fullName: 'prod' };
    const created = await mutate(scientist, 'policyCreate', { on, name: 'p', rules: rules(external) }, 'policy { id }');
    policyId = created.policy.id;
  });
  afterAll(async () => {
    await t.close();
    await validator.close();
  });

  beforeEach(async () => {
    const mlflow = async (route: string, body: object) =>
      (await t.call('POST', `/api/2.0/mlflow/${route}`, { token: scientist.token, body })).body;
    made += 1;
    const { experiment_id } = await mlflow('experiments/create', { name: `experiment ${made}` });
    const { run } = await mlflow('runs/create', { experiment_id });
    const source: string = run.info.artifact_uri;
    const file = `${source.replace('mlflow-artifacts:', '/api/2.0/mlflow-artifacts/artifacts')}/model.bin`;
    await t.call('PUT', file, { token: scientist.token, body: 'weights' });
    const { model_version } = await mlflow('model-versions/create', {
      name: model,
      source,
      run_id: run.info.run_id,
    });
    const target = { kind: 'ALIAS', name: 'champion' };
    const input = { model, version: Number(model_version.version), target, justification: 'x' };
    const opened = await mutate(scientist, 'promotionRequestCreate', input, 'promotionRequest { number }');
    number = opened.promotionRequest.number;
    const [row] = await t.db.query<{ id: string }>(sql`
      SELECT g.id FROM gate_runs g JOIN promotion_requests r ON r.id = g.request_id WHERE r.number = ${number}::int4`);
    runId = row?.id as string;
    await runInContext({ requestId: 'test', address: null, caller: worker, memo: {} }, () =>
      t.app.get(GateRuns, { strict: false }).run(runId),
    );
  });

  const path = (run = runId) => `/api/gates/v1/runs/${run}/report`;
  const token = () => validator.last().data.report.token;
  const report = (body: unknown, options: { token?: string; run?: string } = {}) =>
    t.call('POST', path(options.run), { token: options.token ?? token(), body });
  const gateOf = async () => {
    const document = `{ promotionRequest(number: ${number}) { gates { id status logs(first: 9) { nodes { text } } } } }`;
    return (await graphql(t, scientist.token, document)).data.promotionRequest.gates[0];
  };

  it('a validator reports where it was told to, with the token of its call and no other credentials', async () => {
    expect(new URL(validator.last().data.report.url).pathname).toBe(path());
    expect(await report({ progress: { percent: 40, comment: 'group 2 of 5' } })).toMatchObject({
      status: 200,
      body: { gateRun: { id: runId, status: 'RUNNING', finishedAt: null } },
    });
    const answer = await report(passed);
    const gateRun = { id: runId, key: 'p/fairness', status: 'PASSED', summary: passed.summary };
    expect(answer).toMatchObject({ status: 200, body: { gateRun: { ...gateRun, finishedAt: expect.any(String) } } });
    expect(await report(passed)).toMatchObject({ status: 200, body: answer.body });
    const { status, logs } = await gateOf();
    expect(status).toBe('PASSED');
    expect(logs.nodes.map(({ text }: { text: string }) => text)).toContain('40 %: group 2 of 5');
  });

  it('another report is a conflict, a late one is refused with the state', async () => {
    await report(passed);
    expect(await report({ status: 'FAILED', summary: 'x' })).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT', reason: 'GATE_REPORTED', details: { status: 'PASSED' } },
    });
    expect(await report({ progress: { comment: 'x' } })).toMatchObject({
      status: 422,
      body: { reason: 'GATE_RUN_ENDED', details: { status: 'PASSED' } },
    });
  });

  it('every wrong token is answered in the same way', async () => {
    const told = async (options: Parameters<typeof report>[1]) => {
      const { status, body, headers } = await report(passed, options);
      return { status, body: { ...body, requestId: '' }, challenge: headers.get('www-authenticate') };
    };
    const wrong = await told({ token: `impr_${'x'.repeat(43)}` });
    expect(wrong).toMatchObject({
      status: 401,
      body: { code: 'UNAUTHENTICATED' },
      challenge: 'Bearer realm="imprimatur"',
    });
    for (const run of ['00000000-0000-7000-8000-00000000abcd', 'x', '%C3%A9', "'"]) {
      expect(await told({ run })).toEqual(wrong);
    }
    for (const who of [admin, scientist, service]) expect(await told({ token: who.token })).toEqual(wrong);
    expect((await t.call('POST', path(), { body: passed })).status).toBe(401);
    expect((await gateOf()).status).toBe('RUNNING');
  });

  it('a token opens nothing else', async () => {
    expect((await t.call('GET', path(), { token: token() })).status).toBe(401);
    expect((await t.call('POST', '/graphql', { token: token(), body: { query: '{ viewer { name } }' } })).status).toBe(
      401,
    );
  });

  it.each([
    ['{', 400],
    ['[]', 400],
    ['{"status":"PASSED"}', 400],
    ['{"status":"PASSED","summary":"\\ud83d"}', 400],
    ['{"status":"PASSED","summary":"x","output":{"a":"\\ud800"}}', 400],
    ['{"status":"PASSED","summary":"x","output":{"a":1e999}}', 400],
    [`{"status":"PASSED","summary":"x","output":{"a":"${'x'.repeat(70_000)}"}}`, 400],
    [`{"status":"PASSED","summary":"x","output":{"a":"${'x'.repeat(21 * 2 ** 20)}"}}`, 413],
  ])('garbage is refused, and nothing is taken of it: %#', async (body, status) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await t.call('POST', path(), { token: token(), body, headers });
    expect(answer).toMatchObject({ status, body: { code: 'INVALID_ARGUMENT' } });
    expect((await gateOf()).status).toBe('RUNNING');
  });

  it('a service principal reports by GraphQL, with the id that the validator was told', async () => {
    const { gateRunId } = validator.last().data;
    expect(gateRunId).toBe((await gateOf()).id);
    const fields = 'gateRun { id status output waivers { id } }';
    const progress = { percent: null, comment: 'half' };
    await mutate(service, 'gateRunReport', { gateRunId, progress }, fields);
    const answer = await mutate(service, 'gateRunReport', { gateRunId, ...passed }, fields);
    const { status, output } = passed;
    expect(answer).toEqual({ gateRun: { id: gateRunId, status, output, waivers: [] }, errors: [] });
    const again = await mutate(service, 'gateRunReport', { gateRunId, status: 'FAILED', summary: 'x' }, fields);
    expect(again).toMatchObject({ gateRun: null, errors: [{ __typename: 'ConflictError', code: 'GATE_REPORTED' }] });
    const wrong = await mutate(service, 'gateRunReport', { gateRunId, status: 'PASSED' }, fields);
    expect(wrong.errors).toMatchObject([{ path: ['input', 'summary'] }]);
    const person = await mutate(scientist, 'gateRunReport', { gateRunId, ...passed }, fields);
    expect(person.errors).toMatchObject([{ __typename: 'PermissionDeniedError', code: 'NOT_A_SERVICE' }]);
  });

  it('a policy shows its validator, and is refused with an unknown or a malformed one', async () => {
    const fields = 'policy { rules { gates { type external { validator parameters metrics } } } }';
    const revise = (config: object) =>
      mutate(scientist, 'policyRevise', { policyId, rules: rules(config), reason: 'x' }, fields);
    const revised = await revise(external);
    expect(revised.policy.rules.gates).toEqual([{ type: 'EXTERNAL', external }]);
    for (const [config, field, message] of [
      [{ validator: 'nobody' }, 'validator', 'there is no validator "nobody"'],
      [{ validator: '' }, 'validator', 'the name of a validator'],
      [{ ...external, parameters: [1] }, 'parameters', 'expected record'],
      [{ ...external, parameters: { a: '\0' } }, 'parameters', 'NUL'],
      [{ ...external, parameters: { a: 'x'.repeat(20_000) } }, 'parameters', 'at most 16384 are allowed'],
      [{ ...external, metrics: [''] }, 'metrics.0', 'Too small'],
    ] as const) {
      const { errors } = await revise(config);
      expect(errors).toMatchObject([{ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) }]);
      expect(errors[0].path.join('.')).toBe(`input.rules.gates.0.external.${field}`);
    }
  });

  it('validators are managed by GraphQL, and deleted only when no policy names them', async () => {
    const document = '{ validators(first: 5) { totalCount nodes { id name url createdBy { name } } } }';
    const { data } = await graphql(t, admin.token, document);
    const node = { id: expect.any(String), name: 'fairness', url: validator.url, createdBy: { name: admin.name } };
    expect(data.validators).toEqual({ totalCount: 1, nodes: [node] });
    const byId = `{ node(id: "${data.validators.nodes[0].id}") { ... on Validator { name } } }`;
    expect((await graphql(t, admin.token, byId)).data.node).toEqual({ name: 'fairness' });
    expect((await graphql(t, scientist.token, byId)).data.node).toBeNull();
    const { errors } = await mutate(
      { ...admin },
      'validatorSecretRotate',
      { name: 'fairness', graceHours: 169 },
      'secret',
    );
    expect(errors).toMatchObject([{ path: ['input', 'graceHours'] }]);
  });
});
