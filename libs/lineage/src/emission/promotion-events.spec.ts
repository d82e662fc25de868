import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Securable } from '@app/access';
import { runInContext } from '@app/platform';
import { PromotionRequests } from '@app/promotion';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import sql from 'sql-template-tag';
import { createPromotionTest, type PromotionTest, worker } from '../../../../test/support/promotion.js';
import { type Received, startReceiver, type WebhookReceiver } from '../../../../test/support/webhook-receiver.js';
import { LineageModule } from '../lineage.module.js';
import { parsedEvent } from '../openlineage/event.js';
import { LineageEvents } from '../openlineage/lineage-events.service.js';
import { PromotionEvents } from './promotion-events.service.js';

const namespace = 'https://models.example.org';
const schema = JSON.parse(
  readFileSync(path.join(__dirname, '../../../../docs/openlineage-promotion-facet.schema.json'), 'utf8'),
);
const ajv = new Ajv2020();
addFormats.default(ajv);
const isPromotionFacet = ajv.compile(schema);

describe('promotions as events of OpenLineage', () => {
  let receiver: WebhookReceiver;
  let t: PromotionTest;
  let model: Securable;
  beforeAll(async () => {
    receiver = await startReceiver();
    t = await createPromotionTest(
      {
        OPENLINEAGE_URL: receiver.url,
        OPENLINEAGE_API_KEY: 'a key',
        OPENLINEAGE_NAMESPACE: namespace,
        OUTBOUND_ALLOW: '127.0.0.0/8',
        LOG_LEVEL: 'fatal',
      },
      [LineageModule],
    );
    model = await t.model('prod.fraud.scorer');
    await t.policy(t.catalog);
  });
  afterAll(async () => {
    await t.close();
    await receiver.close();
  });
  beforeEach(() => {
    receiver.received.length = 0;
    receiver.answer(() => ({ status: 201 }));
  });

  /** Handles the messages of closed requests, as the worker does. */
  const tellAll = async () => {
    const messages = await t.db.query<{ id: number; requestId: string }>(sql`
      SELECT id, payload ->> 'promotionRequestId' AS "requestId" FROM outbox
      WHERE event = 'promotion_request.closed' AND handled_at IS NULL ORDER BY id`);
    for (const { id, requestId } of messages) {
      await runInContext({ requestId: 'test', address: null, caller: worker, memo: {} }, () =>
        t.module.get(PromotionEvents, { strict: false }).tell(requestId),
      );
      await t.db.execute(sql`UPDATE outbox SET handled_at = now() WHERE id = ${id}::int8`);
    }
    return messages.length;
  };
  const sent = () => receiver.received.map(({ event }: Received) => event);

  it('tells of an applied request: its run, the version, its data and the target', async () => {
    const version = await t.trained(model);
    const source = JSON.stringify({ uri: 's3a://lake/features/' });
    const id = '019c0000-0000-7000-8000-0000000000aa';
    await t.db.execute(sql`INSERT INTO datasets (id, experiment_id, name, digest, source_type, source)
      VALUES (${id}::uuid, 0, 'features', 'd', 's3', ${source})`);
    await t.db.execute(sql`INSERT INTO run_inputs (run_id, dataset_id)
      SELECT run_id, ${id}::uuid FROM model_versions WHERE id = ${version.id}::uuid`);
    const request = await t.runGates(await t.request(version));
    expect(await tellAll()).toBe(0);
    for (const lead of t.leads.slice(0, 2)) await t.decide(lead, request);
    expect((await t.again(request)).state).toBe('APPLIED');
    expect(await tellAll()).toBe(1);

    const [start, end] = sent();
    expect(sent()).toHaveLength(2);
    expect(receiver.received[0]).toMatchObject({
      path: '/hooks/api/v1/lineage',
      headers: { authorization: 'Bearer a key', 'content-type': 'application/json' },
    });
    const { createdAt, closedAt, evidenceDigest, artifactDigest } = await t.again(request);
    const facets = { version: expect.objectContaining({ datasetVersion: '1' }) };
    expect(start).toMatchObject({
      eventType: 'START',
      eventTime: createdAt.toISOString(),
      run: { runId: request.id },
      job: { namespace, name: 'promotion.prod.fraud.scorer.champion' },
      inputs: [
        { namespace, name: 'prod.fraud.scorer', facets },
        { namespace: 's3://lake', name: 'features' },
      ],
      outputs: [],
    });
    expect(end).toMatchObject({
      eventType: 'COMPLETE',
      eventTime: closedAt?.toISOString(),
      run: { runId: request.id },
      outputs: [{ namespace, name: 'prod.fraud.scorer@champion', facets }],
    });
    const facet = end.run.facets.imprimatur_promotion;
    expect(facet).toMatchObject({
      _schemaURL: schema.$id,
      requestNumber: request.number,
      state: 'APPLIED',
      evidenceDigest,
      artifactDigest,
      requester: 'scientist',
      approvers: t.leads
        .slice(0, 2)
        .map(({ name }) => name)
        .sort(),
      policies: [{ name: 'prod', revision: 1 }],
    });
    expect([isPromotionFacet(facet), isPromotionFacet.errors]).toEqual([true, null]);

    // They are events as our own door takes them.
    const take = (event: unknown) => t.module.get(LineageEvents, { strict: false }).take(parsedEvent(event));
    await t.as(t.owner, async () => {
      for (const event of sent()) await take(event);
    });
    expect(await t.db.query(sql`SELECT j.name, r.state FROM jobs j JOIN job_runs r ON r.job_id = j.id`)).toEqual([
      { name: 'promotion.prod.fraud.scorer.champion', state: 'COMPLETE' },
    ]);
  });

  it('tells of a request that ends in another way, without an output', async () => {
    const rejected = await t.runGates(await t.request(await t.trained(model)));
    await t.decide(t.leads[0], rejected, 'REJECT', 'it is worse');
    const cancelled = await t.request(await t.trained(model), { kind: 'ALIAS', name: 'champion' });
    await t.as(t.scientist, () => t.module.get(PromotionRequests).cancel({ number: cancelled.number }));
    expect(await tellAll()).toBe(2);
    expect(sent().map(({ eventType, outputs }) => [eventType, outputs])).toEqual([
      ['START', []],
      ['FAIL', []],
      ['START', []],
      ['ABORT', []],
    ]);
  });

  it('is tried again after an outage, with the same events, and not after a refusal', async () => {
    const request = await t.request(await t.trained(model));
    await t.as(t.scientist, () => t.module.get(PromotionRequests).cancel({ number: request.number }));
    receiver.answer(({ event }) => ({ status: event.eventType === 'START' ? 201 : 503 }));
    await expect(tellAll()).rejects.toThrow('OPENLINEAGE_URL answered 503');
    receiver.answer(() => ({ status: 201 }));
    expect(await tellAll()).toBe(1);
    const events = sent();
    expect(events.map(({ eventType }) => eventType)).toEqual(['START', 'ABORT', 'START', 'ABORT']);
    expect(events.slice(2)).toEqual(events.slice(0, 2));

    const other = await t.request(await t.trained(model));
    await t.as(t.scientist, () => t.module.get(PromotionRequests).cancel({ number: other.number }));
    receiver.answer(() => ({ status: 400 }));
    expect(await tellAll()).toBe(1);
    expect(sent()).toHaveLength(5);
  });
});
