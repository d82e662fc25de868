import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { createGovernedDoor, type GovernedDoor } from '../../../../test/support/governed-door.js';
import { graphql } from '../../../../test/support/graphql.js';

const period = 'from=2026-01-01T00:00:00Z&to=2100-01-01T00:00:00Z';
const model = 'prod.fraud.reported';

describe('the report on a period at the door', () => {
  let d: GovernedDoor;
  let auditor: TestPrincipal;

  beforeAll(async () => {
    d = await createGovernedDoor();
    auditor = await d.t.make.user('auditor');
    const catalog = await d.t.db.first<{ id: string }>(sql`SELECT id FROM securables WHERE full_name = 'prod'`);
    await d.t.make.grant(auditor, catalog as { id: string }, 'READ_AUDIT');
    await d.model(model, 2);
    const move = { name: model, alias: 'challenger', version: '1' };
    expect((await d.call('POST', 'registered-models/alias', move)).status).toBe(200);
    await d.t.db.execute(sql`INSERT INTO model_aliases (model_id, alias, version_id)
      SELECT model_id, 'champion', id FROM model_versions WHERE number = 2`);
  });
  afterAll(() => d.close());

  const get = (who: TestPrincipal | null, query: string) =>
    d.t.call('GET', `/api/governance/v1/report?${query}`, who ? { token: who.token } : {});

  it('is JSON, CSV and GraphQL, and says the same', async () => {
    const answer = await get(auditor, `${period}&within=prod`);
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(answer.body).toMatchObject({
      format: 'imprimatur-governance-report/1',
      within: 'prod',
      transitions: { total: 1, protected: { total: 0 }, unprotected: { direct: 1 } },
      holders: { total: 1, uncovered: 0 },
    });
    const csv = await get(auditor, `${period}&within=prod&format=csv`);
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(csv.body).toContain('"transitions onto unprotected targets","direct","1"');
    const { data, errors } = await graphql(
      d.t,
      auditor.token,
      `query { governanceReport(from: "2026-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z", within: "prod") {
        transitions { total unprotected { direct } } requests { opened } gates { status count } decisions { medianSecondsToFirst }
        holders { total uncovered holders { model } } reviews { overdue } audit { events sealed checkpoint { problem } }
        violations { counts { kind count } newest { kind } } } }`,
      {},
    );
    expect(errors).toBeUndefined();
    expect(data.governanceReport.transitions).toEqual({ total: 1, unprotected: { direct: 1 } });
    expect(data.governanceReport.audit.events).toBe(answer.body.audit.events);
  });

  it('is for auditors of the place alone, and hides what is hidden', async () => {
    expect((await get(null, period)).status).toBe(401);
    expect((await get(auditor, period)).status).toBe(403);
    expect((await get(d.reader, `${period}&within=prod`)).status).toBe(403);
    const [hidden, absent] = [
      await get(d.stranger, `${period}&within=${model}`),
      await get(d.stranger, `${period}&within=prod.fraud.nothing`),
    ];
    expect([hidden.status, absent.status]).toEqual([404, 404]);
    expect(hidden.body.message.replace(model, 'x')).toBe(absent.body.message.replace('prod.fraud.nothing', 'x'));
  });

  it.each([
    ['', 'from'],
    ['from=yesterday&to=2026-01-01T00:00:00Z', 'from'],
    ['from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z&within=prod', 'from'],
    [`${period}&format=pdf`, 'format'],
    [`${period}&within=a.b.c.d`, 'within'],
  ])('says what is wrong with %j', async (query, field) => {
    const { status, body } = await get(auditor, query);
    expect([status, body.code]).toEqual([400, 'INVALID_ARGUMENT']);
    expect(body.message).toMatch(new RegExp(`^${field}: `));
  });
});
