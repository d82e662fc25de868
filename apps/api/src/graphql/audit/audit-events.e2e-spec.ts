import { Sealer } from '@app/transparency';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import type { GraphQLInputObjectType } from 'graphql';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { createGovernedDoor, type GovernedDoor } from '../../../../../test/support/governed-door.js';
import { graphql } from '../../../../../test/support/graphql.js';
import { filterParameters } from '../../audit/audit-export.query.js';

const model = 'prod.fraud.scorer';
const justification = 'better on the holdout of Spring';

describe('the audit trail at the doors', () => {
  let d: GovernedDoor;
  /** Of one schema. */
  let auditor: TestPrincipal;

  beforeAll(async () => {
    d = await createGovernedDoor();
    auditor = await d.t.make.user('auditor');
    const neighbour = await d.t.make.user('neighbour');
    const risk = await d.t.make.schema('prod.risk', neighbour);
    await d.t.make.grant(d.scientist, risk, 'MANAGE');
    const fraud = await d.t.db.first<{ id: string }>(sql`SELECT id FROM securables WHERE full_name = 'prod.fraud'`);
    await d.t.make.grant(auditor, { id: fraud?.id as string }, 'READ_AUDIT', 'USE_SCHEMA');
    await d.t.make.grant(auditor, { id: risk.catalogId as string }, 'USE_CATALOG');
    for (const name of [model, 'prod.risk.scorer']) await d.model(name);
    for (const name of [model, 'prod.risk.scorer'])
      await d.call('POST', 'registered-models/alias', { name, alias: 'blue', version: '1' });
    const asked = { name: model, version: '1', stage: 'Production' };
    await d.call('POST', 'transition-requests/create', { ...asked, comment: justification });
    await d.call('POST', 'transition-requests/approve', { ...asked, comment: 'Seen' }, d.lead);
    while ((await d.t.app.get(Sealer, { strict: false }).seal()).sealed > 0);
  });
  afterAll(() => d.close());

  const ask = async (query: string, who = auditor) => {
    const { data, errors } = await graphql(d.t, who.token, query);
    expect(errors).toBeUndefined();
    return data;
  };
  const events = (filter: string) => `auditEvents(first: 50${filter && `, filter: { ${filter} }`}) {
    nodes { action objectName reason } totalCount }`;
  const exported = async (query: Record<string, string>) => {
    const headers = { authorization: `Bearer ${auditor.token}` };
    const answer = await fetch(`${d.t.url}/api/audit/v1/export?${new URLSearchParams(query)}`, { headers });
    const lines = (await answer.text()).trim().split('\n');
    return { status: answer.status, lines: lines.map((line) => JSON.parse(line)) };
  };

  it('take one filter, in GraphQL and for an export', () => {
    const { schema } = d.t.app.get(GraphQLSchemaHost);
    const input = schema.getType('AuditEventFilterInput') as GraphQLInputObjectType;
    expect(Object.keys(filterParameters.shape).sort()).toEqual(Object.keys(input.getFields()).sort());
  });

  it('show the auditor of a schema what happened in it, and nothing else', async () => {
    const { auditEvents } = await ask(`{ ${events('')} }`);
    const names: string[] = auditEvents.nodes.map(({ objectName }: { objectName: string }) => objectName);
    expect(auditEvents.totalCount).toBe(names.length);
    expect(names.filter((name) => !/^(prod\.fraud|promotion request)/.test(name))).toEqual([]);
    expect(names).toEqual(expect.arrayContaining([model, `${model}/1`, `${model}@blue`, 'promotion request 1']));
    const all = await d.t.db.query(sql`SELECT 1 FROM audit_events WHERE object_name LIKE 'prod.risk.scorer%'`);
    expect(all.length).toBeGreaterThan(2);
    for (const filter of ['objectName: "prod.risk"', 'actorName: "NEIGHBOUR"'])
      expect((await ask(`{ ${events(filter)} }`)).auditEvents).toEqual({ nodes: [], totalCount: 0 });
  });

  it('show who moved what, and all of a request, from the model and the request themselves', async () => {
    const { model: found } = await ask(`{ model(fullName: "${model}") {
      ${events('action: "model_alias.*"')}
      transitions(first: 9) { totalCount nodes { target { kind name } versionNumber fromStage toStage reason actor { name }
        promotionRequest { number timeline(first: 2) { totalCount pageInfo { hasNextPage } nodes { action actorName } } } } } } }`);
    expect(found.auditEvents.nodes).toMatchObject([{ action: 'model_alias.set', objectName: `${model}@blue` }]);
    expect(found.transitions.totalCount).toBe(2);
    expect(found.transitions.nodes).toMatchObject([
      {
        target: { kind: 'STAGE', name: 'Production' },
        versionNumber: 1,
        fromStage: 'NONE',
        toStage: 'PRODUCTION',
        reason: justification,
        actor: { name: 'lead' },
        promotionRequest: {
          number: 1,
          timeline: {
            totalCount: 5,
            pageInfo: { hasNextPage: true },
            nodes: [
              { action: 'promotion_request.applied', actorName: 'lead' },
              { action: 'promotion_request.approved', actorName: 'lead' },
            ],
          },
        },
      },
      { target: { kind: 'ALIAS', name: 'blue' }, actor: { name: 'scientist' }, promotionRequest: null },
    ]);
    expect(await ask(`{ model(fullName: "prod.risk.scorer") { transitions(first: 9) { totalCount } } }`)).toEqual({
      model: null,
    });
  });

  it('find words of a reason, and tell in the manifest of an export what was asked for', async () => {
    const asked = { actor: 'Scientist', reason: 'spring "better on"' };
    const { auditEvents } = await ask(`{ ${events('actor: "Scientist", reason: "spring \\"better on\\""')} }`);
    expect(auditEvents.nodes).toMatchObject([{ action: 'promotion_request.created', reason: justification }]);
    const { lines } = await exported({ ...asked, within: 'prod.fraud' });
    expect(lines).toMatchObject([
      { event: { action: 'promotion_request.created', actorName: 'scientist' } },
      { manifest: { filter: { ...asked, within: 'prod.fraud' }, complete: false, count: 1 } },
    ]);
  });

  it('refuse a filter that finds nothing because it is wrong, and an export of what is not shown', async () => {
    const within = { within: 'prod.fraud' };
    expect((await exported({ ...within, reason: '!' })).lines[0].message).toBe(
      'reason: "!" holds no word: name one that the reason has',
    );
    expect((await exported({ ...within, actor: 'nobody' })).status).toBe(404);
    expect((await exported({ within: 'prod.risk' })).status).toBe(404);
    expect((await exported({})).status).toBe(403);
    const { errors } = await graphql(d.t, auditor.token, `{ ${events('actor: "nobody"')} }`);
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', reason: 'NOT_FOUND' } }]);
  });
});
