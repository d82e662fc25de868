import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { LineageEvents, parsedEvent } from '@app/lineage';
import { Grants } from '@app/namespace';
import { runInContext } from '@app/platform';
import { Policies } from '@app/policy';
import { Discussions, PromotionRequests } from '@app/promotion';
import { Registrations } from '@app/registry';
import { Experiments, Runs } from '@app/tracking';
import { WebhookDeliveries, Webhooks } from '@app/webhook';
import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../support/app.js';
import type { TestPrincipal } from '../support/factories.js';
import { graphql } from '../support/graphql.js';
import { runEvent } from '../support/openlineage.js';
import { absent, mutations, type Names, queries } from './graphql-fields.js';

const id = (type: string, key: string) => Buffer.from(`${type}:${key}`).toString('base64url');

describe('every field of the GraphQL door', () => {
  let t: TestApp;
  let present: Names;
  const outsiders: Record<string, TestPrincipal> = {};

  beforeAll(async () => {
    t = await createTestApp();
    await t.make.admin('root');
    const owner = await t.make.user('owner');
    const schema = await t.make.schema('prod.fraud', owner);
    const catalog = { id: schema.catalogId as string };
    const model = await t.make.securable('REGISTERED_MODEL', 'prod.fraud.scorer', owner);
    await t.make.grant(
      owner,
      catalog,
      'USE_CATALOG',
      'USE_SCHEMA',
      'MANAGE_POLICY',
      'REQUEST_PROMOTION',
      'CREATE_MODEL_VERSION',
    );
    present = await makeObjects(t, owner, model.id);

    outsiders.stranger = await t.make.user('stranger');
    outsiders['reader of another catalog'] = await t.make.user('neighbour');
    const other = await t.make.schema('other.schema', owner);
    await t.make.grant(
      outsiders['reader of another catalog'],
      { id: other.catalogId as string },
      'ALL_PRIVILEGES',
      'MANAGE',
    );
    const revoked = await t.make.user('revoked');
    await t.make.grant(
      revoked,
      catalog,
      'ALL_PRIVILEGES',
      'MANAGE',
      'MANAGE_POLICY',
      'APPROVE_PROMOTION',
      'READ_AUDIT',
    );
    expect((await graphql(t, revoked.token, '{ models(first: 5) { totalCount } }')).data.models.totalCount).toBe(1);
    await t.db.execute(sql`DELETE FROM grants WHERE principal_id = ${revoked.id}::uuid`);
    await t.db.execute(sql`UPDATE access_version SET version = version + 1`);
    outsiders['user whose grants were revoked'] = revoked;
  });
  afterAll(() => t.close());

  it('has a row in the table of outcomes', async () => {
    const { data } = await graphql(
      t,
      outsiders.stranger!.token,
      '{ __schema { queryType { fields { name } } mutationType { fields { name } } } }',
    );
    const names = (type: { fields: { name: string }[] }) => type.fields.map(({ name }) => name).sort();
    expect(Object.keys(queries).sort()).toEqual(names(data.__schema.queryType));
    expect(Object.keys(mutations).sort()).toEqual(names(data.__schema.mutationType));
  });

  it.each(Object.entries({ ...queries, ...mutations }))('%s: the anonymous is refused', async (name, [, document]) => {
    const query = `${name in mutations ? 'mutation' : 'query'} { ${document(present)} }`;
    expect(await t.call('POST', '/graphql', { body: { query } })).toMatchObject({ status: 401 });
  });

  /** The answer with everything that names the object taken out. */
  const blurred = (answer: unknown, names: Names) =>
    Object.values(names)
      .map(String)
      .sort((a, b) => b.length - a.length)
      .reduce((text, name) => text.replaceAll(name, '…'), JSON.stringify(answer))
      .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '…');

  describe.each(['stranger', 'reader of another catalog', 'user whose grants were revoked'])('the %s', (who) => {
    const ask = (name: string, document: string) =>
      graphql(t, outsiders[who]!.token, `${name in mutations ? 'mutation' : 'query'} { ${document} }`);
    const rows = (outcome: string) =>
      Object.entries({ ...queries, ...mutations }).filter(([, [expected]]) => expected === outcome);

    it.each(rows('HIDDEN'))('%s: cannot tell the hidden from the absent', async (name, [, document]) => {
      const changes = await changesSoFar(t);
      const hidden = await ask(name, document(present));
      const nothing = await ask(name, document(absent));
      expect(blurred(hidden, present)).toBe(blurred(nothing, absent));
      if (name in mutations) expect(hidden.data[name].errors).toMatchObject([{ code: 'NOT_FOUND' }]);
      else expect([null, [null, null]]).toContainEqual(hidden.data[name]);
      expect(await changesSoFar(t)).toBe(changes);
    });

    it.each(rows('DENIED'))('%s: is refused', async (name, [, document]) => {
      const changes = await changesSoFar(t);
      const { data, errors } = await ask(name, document(present));
      if (name in mutations) expect(data[name].errors).toMatchObject([{ __typename: 'PermissionDeniedError' }]);
      else expect([data, errors]).toMatchObject([null, [{ extensions: { code: 'FORBIDDEN' } }]]);
      expect(await changesSoFar(t)).toBe(changes);
    });

    it.each(rows('OPEN'))('%s: shows nothing of others', async (name, [, document]) => {
      const { data, errors } = await ask(name, document(present));
      expect(errors).toBeUndefined();
      expect(JSON.stringify(data)).not.toMatch(/prod|fraud|scorer/);
    });
  });

  it.each(Object.entries(queries).filter(([, [outcome]]) => outcome === 'EMPTY'))(
    '%s: a stranger sees an empty list',
    async (name, [, document]) => {
      const { data } = await graphql(t, outsiders.stranger!.token, `{ ${document(present)} }`);
      expect(data[name]).toEqual({ nodes: [], totalCount: 0 });
    },
  );
});

async function changesSoFar(t: TestApp): Promise<number> {
  const row = await t.db.first<{ count: number }>(
    sql`SELECT count(*) AS count FROM audit_events WHERE outcome = 'ALLOWED'`,
  );
  return row?.count ?? 0;
}

/** A version, a policy, an open request and a grant, made by the owner. */
async function makeObjects(t: TestApp, owner: TestPrincipal, modelId: string): Promise<Names> {
  const storagePath = '0/models/m-1/artifacts';
  const folder = path.join(t.env.DATA_DIR as string, 'artifacts', storagePath);
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'MLmodel'), 'flavors: {}\n');
  const as = <T>(work: () => Promise<T>) =>
    runInContext({ requestId: 'test', address: null, caller: owner, memo: {} }, work);
  const model = 'prod.fraud.scorer';
  await as(() =>
    t.app
      .get(Registrations, { strict: false })
      .register({ model, source: `mlflow-artifacts:/${storagePath}`, storagePath }),
  );
  const policy = await as(() =>
    t.app.get(Policies, { strict: false }).create({
      on: { kind: 'CATALOG', fullName: 'prod' },
      name: 'production',
      rules: {
        protects: { aliases: ['champion'] },
        approvals: [{ name: 'owner', count: 1, principalIds: [owner.id] }],
      },
    }),
  );
  // A number that stands nowhere else in an answer.
  await t.db.execute(sql`SELECT setval('promotion_requests_number_seq', 424242)`);
  const target = { kind: 'ALIAS' as const, name: 'champion' };
  const request = await as(() =>
    t.app
      .get(PromotionRequests, { strict: false })
      .create({ model, version: 1, target, justification: 'it is better' }),
  );
  const thread = await as(() =>
    t.app.get(Discussions, { strict: false }).open({ number: request.number, text: 'why?', blocking: false }),
  );
  const [gateRunId, waiverId] = [randomUUID(), randomUUID()];
  await t.db.execute(sql`INSERT INTO gate_runs (id, request_id, version_id, policy_revision_id, key, type, config, status)
    VALUES (${gateRunId}::uuid, ${request.id}::uuid, ${request.versionId}::uuid, ${policy.id}::uuid, 'sig', 'SIGNATURE', '{}', 'FAILED')`);
  await t.db.execute(sql`INSERT INTO gate_waivers (id, gate_run_id, request_id, reason, proposed_by)
    VALUES (${waiverId}::uuid, ${gateRunId}::uuid, ${request.id}::uuid, 'a small holdout', ${owner.id}::uuid)`);
  await t.db.execute(sql`INSERT INTO validators (id, name, name_key, url, secret)
    VALUES (${randomUUID()}::uuid, 'fairness', 'fairness', 'https://fairness.example', 'sealed')`);
  const grant = await as(() =>
    t.app
      .get(Grants, { strict: false })
      .grant({ securable: { kind: 'REGISTERED_MODEL', fullName: model }, principal: 'owner', privilege: 'EXECUTE' }),
  );
  const hook = { name: 'board', url: 'https://hooks.example/fraud', eventTypes: ['*'], description: null };
  const { webhook } = await as(() =>
    t.app.get(Webhooks, { strict: false }).create({ on: { kind: 'CATALOG', fullName: 'prod' }, ...hook }),
  );
  const delivery = await as(() => t.app.get(WebhookDeliveries, { strict: false }).test(webhook.id));
  const [token] = await t.db.query<{ id: string }>(
    sql`SELECT id FROM access_tokens WHERE principal_id = ${owner.id}::uuid`,
  );
  const experiment = '/Users/owner/fraud';
  const made = await as(() => t.app.get(Experiments, { strict: false }).create({ name: experiment }));
  const { experimentId } = made;
  const run = await as(() => t.app.get(Runs, { strict: false }).create({ experimentId }));
  const event = parsedEvent(runEvent(experiment, 'load'));
  await as(() => t.app.get(LineageEvents, { strict: false }).take(event));
  return {
    experiment,
    runId: run.id,
    job: 'load',
    catalog: 'prod',
    schema: 'prod.fraud',
    model,
    request: request.number,
    policyId: id('Policy', policy.id),
    grantId: id('Grant', grant.id),
    tokenId: id('AccessToken', token?.id as string),
    modelId: id('RegisteredModel', modelId),
    threadId: id('DiscussionThread', thread.id),
    waiverId: id('GateWaiver', waiverId),
    gateRunId: id('GateRun', gateRunId),
    validator: 'fairness',
    webhookId: id('Webhook', webhook.id),
    deliveryId: id('WebhookDelivery', delivery.id),
  };
}
