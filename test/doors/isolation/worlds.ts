import { METASTORE_ID } from '@app/access';
import { GateRuns } from '@app/gates';
import { runInContext } from '@app/platform';
import { PromotionProgress } from '@app/promotion';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import sql, { raw } from 'sql-template-tag';
import type { NodeType } from '../../../apps/api/src/graphql/schema/node.js';
import { createTestApp, type TestApp } from '../../support/app.js';
import type { TestPrincipal } from '../../support/factories.js';
import { graphql } from '../../support/graphql.js';
import { data, runEvent, sent } from '../../support/openlineage.js';
import { worker } from '../../support/promotion.js';
import { idsOfNothing, type MadeIds, marker, hiddenNames as n, people } from './names.js';

/** Those who may see nothing of the hidden world, each for a reason of his own. */
export const outsiders = [
  'stranger',
  'reader of another catalog',
  'removed member',
  'user whose grants were revoked',
] as const;
/** Those whose token is worth nothing any more. */
export const shutOut = ['disabled user', 'revoked token'] as const;

export interface Installation {
  t: TestApp;
  made: MadeIds;
  who: Record<(typeof outsiders)[number] | (typeof shutOut)[number], TestPrincipal>;
  owner: TestPrincipal;
}

const usage = ['USE_CATALOG', 'USE_SCHEMA', 'EXECUTE'] as const;

/** A service with the same people and the same visible things; with the hidden world in it, or without. */
export async function createInstallation({ withHidden }: { withHidden: boolean }): Promise<Installation> {
  const t = await createTestApp();
  const owner = await t.make.user(people.owner);
  const lead = await t.make.user(people.lead);
  const leads = await t.make.group([lead], people.group);
  await t.make.grant(owner, { id: METASTORE_ID }, 'READ_AUDIT');
  const insiders = await t.make.group([], 'insiders');
  const named = (name: string) => t.make.user(name.replaceAll(' ', '-'));
  const who = Object.fromEntries(
    await Promise.all([...outsiders, ...shutOut].map(async (name) => [name, await named(name)])),
  ) as Installation['who'];

  const neighbour = who['reader of another catalog'];
  const other = await t.make.schema('other.schema', neighbour);
  await t.make.securable('REGISTERED_MODEL', 'other.schema.model', neighbour);
  await t.make.grant(
    neighbour,
    { id: other.catalogId as string },
    'ALL_PRIVILEGES',
    'MANAGE',
    'READ_AUDIT',
    'MANAGE_POLICY',
  );

  const made = withHidden ? await makeHidden(t, { owner, lead, leads }) : idsOfNothing();
  await takeAway(t, { who, insiders, catalogId: withHidden ? made.ids.Catalog : undefined });
  return { t, made, who, owner };
}

/** Had everything once, used it, and lost it. */
async function takeAway(
  t: TestApp,
  { who, insiders, catalogId }: Pick<Installation, 'who'> & { insiders: TestPrincipal; catalogId: string | undefined },
): Promise<void> {
  const all = ['ALL_PRIVILEGES', 'MANAGE', 'MANAGE_POLICY', 'APPROVE_PROMOTION', 'READ_AUDIT'] as const;
  const member = who['removed member'];
  const granted = [who['user whose grants were revoked'], who['disabled user'], who['revoked token']];
  await t.make.member(insiders.id, member.id);
  if (catalogId) {
    for (const holder of [insiders, ...granted]) await t.make.grant(holder, { id: catalogId }, ...all);
    for (const { token } of [member, ...granted]) {
      const { data } = await graphql(t, token, '{ models(first: 9) { totalCount } }');
      if (data.models.totalCount !== 1) throw new Error(`not what an insider sees: ${JSON.stringify(data)}`);
    }
  }
  await t.db.execute(sql`DELETE FROM group_members WHERE group_id = ${insiders.id}::uuid`);
  await t.db.execute(sql`DELETE FROM grants WHERE principal_id = ${who['user whose grants were revoked'].id}::uuid`);
  await t.db.execute(
    sql`UPDATE principals SET disabled_at = now() - interval '1 minute' WHERE id = ${who['disabled user'].id}::uuid`,
  );
  await t.db.execute(
    sql`UPDATE access_tokens SET revoked_at = now() - interval '1 minute' WHERE principal_id = ${who['revoked token'].id}::uuid`,
  );
  await t.db.execute(sql`UPDATE access_version SET version = version + 1`);
}

type Makers = Record<'owner' | 'lead' | 'leads', TestPrincipal>;

async function makeHidden(t: TestApp, { owner, lead, leads }: Makers): Promise<MadeIds> {
  const tags = [{ key: n.key, value: n.value }];
  const schema = await t.make.schema(n.schema, owner);
  const catalog = { id: schema.catalogId as string };
  await t.make.grant(owner, catalog, ...usage, 'ALL_PRIVILEGES', 'MANAGE', 'MANAGE_POLICY', 'READ_AUDIT');
  await t.make.grant(leads, catalog, ...usage, 'APPROVE_PROMOTION');
  const mutations = t.app.get(GraphQLSchemaHost).schema.getMutationType()?.getFields() ?? {};
  const change = async (document: string, input: object, token = owner.token) => {
    const [name] = document.split(' ') as [string];
    const type = mutations[name]?.args[0]?.type;
    const { data, errors } = await graphql(
      t,
      token,
      `mutation($input: ${type}) { answer: ${name}(input: $input) { errors { message } ${document.slice(name.length)} } }`,
      { input },
    );
    if (errors || data.answer.errors.length > 0)
      throw new Error(`${name}: ${JSON.stringify(errors ?? data.answer.errors)}`);
    return data.answer;
  };
  await change('webhookCreate', {
    securable: { kind: 'CATALOG', fullName: n.catalog },
    name: marker,
    url: `https://${marker}.example/`,
    eventTypes: ['*'],
    description: marker,
  });
  await change('modelCreate', { fullName: n.model, description: marker, tags });
  for (const [kind, fullName] of [
    ['CATALOG', n.catalog],
    ['SCHEMA', n.schema],
  ] as const) {
    await change('tagSet', { securable: { kind, fullName }, key: n.key, value: n.value });
    await change('securableUpdate', { securable: { kind, fullName }, description: marker });
  }
  const tracked = await makeTracked(t, owner);
  for (const _ of [1, 2]) {
    await change('modelVersionRegister', {
      model: n.model,
      source: `runs:/${tracked.runId}/model`,
      description: marker,
      tags,
    });
  }
  await change('modelAliasSet', { model: n.model, alias: n.alias, number: 1 });
  await change('modelVersionStageTransition', { model: n.model, number: 1, stage: 'STAGING' });
  await change('accessTokenCreate', { name: marker });
  await change('modelEndpointReport', { model: n.model, number: 1, name: marker, url: `https://${marker}.example` });
  const securable = { kind: 'REGISTERED_MODEL', fullName: n.model };
  await change('grantCreate', { securable, principal: people.group, privilege: 'EXECUTE' });
  const rules = {
    protects: { aliases: [`champion-${marker}`] },
    gates: [{ key: marker, type: 'ARTIFACT_INTEGRITY', artifactIntegrity: {} }],
    approvals: [{ name: marker, count: 1, approvers: [people.group] }],
  };
  await change('policyCreate', { on: { kind: 'CATALOG', fullName: n.catalog }, name: marker, rules, reason: marker });
  await t.db.execute(sql`INSERT INTO validators (id, name, name_key, url, secret)
    VALUES (gen_random_uuid(), ${n.value}, ${n.value}, ${`https://${marker}.example`}, 'sealed')`);
  await t.db.execute(sql`SELECT setval('promotion_requests_number_seq', 424241)`);
  const target = { kind: 'ALIAS', name: `champion-${marker}` };
  const asked = { model: n.model, version: 2, target, justification: marker };
  const { promotionRequest } = await change('promotionRequestCreate promotionRequest { number }', asked);
  const request: number = promotionRequest.number;
  await judge(t);
  const { data } = await graphql(t, lead.token, `{ promotionRequest(number: ${request}) { evidenceDigest } }`);
  const { evidenceDigest } = data.promotionRequest;
  await change(
    'promotionRequestDecide',
    { number: request, verdict: 'REQUEST_CHANGES', comment: marker, evidenceDigest },
    lead.token,
  );
  return { ...tracked, request, ids: await idsIn(t) };
}

/** Runs the queued gates, as the worker would. */
async function judge(t: TestApp): Promise<void> {
  const gates = await t.db.query<{ id: string; requestId: string }>(
    sql`SELECT id, request_id AS "requestId" FROM gate_runs`,
  );
  await runInContext({ requestId: 'test', address: null, caller: worker, memo: {} }, async () => {
    for (const { id, requestId } of gates) {
      await t.app.get(GateRuns, { strict: false }).run(id);
      await t.app.get(PromotionProgress, { strict: false }).evaluate(requestId);
    }
  });
}

/** An experiment with a run that has everything a run can have, and a logged model. */
async function makeTracked(t: TestApp, owner: TestPrincipal): Promise<Omit<MadeIds, 'request' | 'ids'>> {
  const tags = [{ key: n.key, value: n.value }];
  const post = async (path: string, body: object) => {
    const answer = await t.call('POST', `/api/2.0/mlflow/${path}`, { token: owner.token, body });
    if (answer.status !== 200) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  // A number that stands nowhere else in an answer; the request has one too.
  await t.db.execute(sql`SELECT setval(pg_get_serial_sequence('experiments', 'id'), 880087)`);
  const { experiment_id } = await post('experiments/create', { name: n.experiment, tags });
  const run_id: string = (await post('runs/create', { experiment_id, run_name: marker, tags })).run.info.run_id;
  const metrics = [{ key: n.key, value: 0.5, timestamp: 1, step: 1 }];
  await post('runs/log-batch', { run_id, metrics, params: tags, tags });
  const dataset = { name: marker, digest: marker, source_type: marker, source: marker };
  await post('runs/log-inputs', { run_id, datasets: [{ dataset, tags }] });
  await sent(t, owner, runEvent(n.experiment, marker, { inputs: [data(`s3://${marker}/x`, [marker])] }));
  const { model } = await post('logged-models', {
    experiment_id,
    name: marker,
    source_run_id: run_id,
    params: tags,
    tags,
  });
  const loggedModelId: string = model.info.model_id;
  await post('runs/outputs', { run_id, models: [{ model_id: loggedModelId, step: 1 }] });
  for (const file of ['MLmodel', `${marker}.txt`]) {
    const path = `/api/2.0/mlflow-artifacts/artifacts/${experiment_id}/${run_id}/artifacts/model/${file}`;
    const { status, body } = await t.call('PUT', path, { token: owner.token, body: `flavors: {}\n# ${marker}\n` });
    if (status !== 200) throw new Error(`${file}: ${JSON.stringify(body)}`);
  }
  return { experimentId: experiment_id, runId: run_id, loggedModelId };
}

const tables: Partial<Record<NodeType, string>> = {
  AccessToken: `access_tokens WHERE name = '${marker}'`,
  Catalog: `securables WHERE full_name = '${n.catalog}'`,
  Schema: `securables WHERE full_name = '${n.schema}'`,
  RegisteredModel: `securables WHERE full_name = '${n.model}'`,
  Experiment: `securables WHERE full_name = '${n.experiment}'`,
  Run: 'runs',
  ModelVersion: 'model_versions',
  Dataset: 'datasets',
  Job: 'jobs',
  ModelEndpoint: 'model_endpoints',
  Grant: `grants WHERE privilege = 'MANAGE_POLICY' AND securable_id = (SELECT id FROM securables WHERE full_name = '${n.catalog}')`,
  Policy: 'policies',
  PolicyRevision: 'policy_revisions',
  PromotionRequest: 'promotion_requests',
  GateRun: 'gate_runs',
  Validator: 'validators',
  Decision: 'decisions',
  StageTransition: 'stage_transitions',
  Webhook: 'webhooks',
  WebhookDelivery: 'webhook_deliveries',
  AuditEvent: `audit_events WHERE catalog_id = (SELECT id FROM securables WHERE full_name = '${n.catalog}')`,
};

/** One id of every type: the world has at least one of everything. */
async function idsIn(t: TestApp): Promise<MadeIds['ids']> {
  const { ids } = idsOfNothing();
  for (const [type, from] of Object.entries(tables)) {
    const row = await t.db.first<{ id: string }>(sql`SELECT id FROM ${raw(from)} LIMIT 1`);
    if (!row) throw new Error(`the hidden world has no ${type}`);
    // A run's own id is 32 hexadecimal digits, as MLflow's.
    ids[type as NodeType] = row.id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }
  return ids;
}
