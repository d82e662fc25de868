import { randomUUID } from 'node:crypto';
import { METASTORE_ID, type Securable } from '@app/access';
import { InvalidArgument, NotFound } from '@app/platform';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { eventually } from '../../../test/support/processes.js';
import type { AuditObject } from './audit-event.js';
import type { AuditFilter } from './audit-filter.js';
import { AuditLog } from './audit-log.js';
import { AuditTrail } from './audit-trail.service.js';
import { RefusalLog } from './refusal-log.js';

describe('AuditTrail', () => {
  let t: TestModule;
  let make: Factories;
  let trail: AuditTrail;
  let auditor: TestPrincipal;
  let actor: TestPrincipal;
  let catalog: Securable;
  let model: Securable;
  let experiment: Securable;
  const requestId = randomUUID();

  beforeAll(async () => {
    t = await createTestModule([]);
    make = new Factories(t.db);
    trail = t.module.get(AuditTrail);
    [auditor, actor] = [await make.user('auditor'), await make.user('actor')];
    await make.grant(auditor, { id: METASTORE_ID }, 'READ_AUDIT');
    catalog = await make.securable('CATALOG', 'prod', actor);
    await make.securable('SCHEMA', 'prod.fraud', actor);
    model = await make.securable('REGISTERED_MODEL', 'prod.fraud.scorer', actor);
    experiment = await make.securable('EXPERIMENT', 'trials', actor);

    const version: AuditObject = { kind: 'MODEL_VERSION', id: requestId, name: 'prod.fraud.scorer/1', within: model };
    await record('catalog.created', { kind: 'CATALOG', id: catalog.id, name: 'prod', within: catalog });
    await record('model_version.registered', version);
    await record('model_version.deleted', version);
    await record('run.created', { kind: 'RUN', id: 'f00dfeed', name: 'bold-run-1', within: experiment });
    await record('principal.created', { kind: 'PRINCIPAL', id: actor.id, name: 'actor', within: null });
  });
  afterAll(() => t.close());

  const record = (action: string, object: AuditObject) =>
    t.as(actor, () => t.module.get(AuditLog).record({ action, object, after: { of: action }, reason: 'because' }));
  const actionsSeenBy = async (who: TestPrincipal, filter: AuditFilter = {}) => {
    const { edges } = await t.as(who, () => trail.list(filter, { first: 100 }));
    expect(await t.as(who, () => trail.count(filter))).toBe(edges.length);
    return edges.map(({ node }) => node.action);
  };
  const newestFirst = [
    'principal.created',
    'run.created',
    'model_version.deleted',
    'model_version.registered',
    'catalog.created',
  ];

  it('shows everything to the metastore’s auditor, newest first, page by page, with all that was written', async () => {
    expect(await actionsSeenBy(auditor)).toEqual(newestFirst);
    const pages: string[] = [];
    let after: string | undefined;
    for (let more = true; more; ) {
      const page = await t.as(auditor, () => trail.list({}, { first: 2, after }));
      pages.push(...page.edges.map(({ node }) => node.action));
      after = page.edges.at(-1)?.cursor;
      more = page.hasNextPage;
    }
    expect(pages).toEqual(newestFirst);

    const [event] = (await t.as(auditor, () => trail.list({ action: 'model_version.deleted' }, { first: 1 }))).edges;
    expect(event?.node).toMatchObject({
      actorId: actor.id,
      actorName: 'actor',
      outcome: 'ALLOWED',
      objectKind: 'MODEL_VERSION',
      objectName: 'prod.fraud.scorer/1',
      before: null,
      after: { of: 'model_version.deleted' },
      reason: 'because',
      requestId: 'test',
      sourceAddress: '127.0.0.1',
      catalogId: catalog.id,
    });
    expect(await t.as(auditor, () => trail.get(event?.node.id as string))).toEqual(
      expect.objectContaining({ id: event?.node.id, action: 'model_version.deleted' }),
    );
  });

  it.each<[string, () => AuditFilter, string[]]>([
    ['an action', () => ({ action: 'run.created' }), ['run.created']],
    ['the beginning of an action', () => ({ action: 'model_version.*' }), newestFirst.slice(2, 4)],
    ['no such action', () => ({ action: 'model_version' }), []],
    ['a wildcard that is none', () => ({ action: '%' }), []],
    ['the beginning of a name, ignoring case', () => ({ objectName: 'PROD.fraud' }), newestFirst.slice(2, 4)],
    ['a name with a pattern in it', () => ({ objectName: 'pr_d' }), []],
    ['an actor', () => ({ actorId: auditor.id }), []],
    ['the other actor', () => ({ actorId: actor.id, action: 'run.*' }), ['run.created']],
    ['an outcome', () => ({ outcome: 'REFUSED' }), []],
    ['a request', () => ({ requestId: 'test' }), newestFirst],
    ['another request', () => ({ requestId }), []],
    ['a time to come', () => ({ from: new Date(Date.now() + 60_000) }), []],
    ['the time until now', () => ({ from: new Date(0), to: new Date(Date.now() + 60_000) }), newestFirst],
    ['an object', () => ({ object: { kind: 'RUN', id: 'f00dfeed' } }), ['run.created']],
    [
      'a model, with what is in it',
      () => ({ object: { kind: 'REGISTERED_MODEL', id: model.id } }),
      newestFirst.slice(2, 4),
    ],
    ['a catalog, with what is in it', () => ({ object: { kind: 'CATALOG', id: catalog.id } }), newestFirst.slice(2)],
    ['the metastore', () => ({ object: { kind: 'METASTORE', id: METASTORE_ID } }), newestFirst],
  ])('filters by %s', async (_, filter, expected) => {
    expect(await actionsSeenBy(auditor, filter())).toEqual(expected);
  });

  it('gives the timeline of an object', async () => {
    const timeline = await t.as(auditor, () => trail.forObject({ kind: 'MODEL_VERSION', id: requestId }, { first: 9 }));
    expect(timeline.edges.map(({ node }) => node.action)).toEqual(newestFirst.slice(2, 4));
  });

  it('refuses a filter that makes no sense', async () => {
    const filters: AuditFilter[] = [
      { actorId: 'me' },
      { object: { kind: 'CATALOG', id: 'prod' } },
      { from: new Date(2), to: new Date(1) },
      { objectName: 'a\0' },
    ];
    for (const filter of filters) {
      await expect(t.as(auditor, () => trail.list(filter, { first: 1 }))).rejects.toThrow(InvalidArgument);
    }
    await expect(t.as(auditor, () => trail.list({}, { first: 0 }))).rejects.toThrow('0 is not between 1 and 100');
    await expect(t.as(auditor, () => trail.list({}, { first: 1, after: 'x' }))).rejects.toThrow(InvalidArgument);
  });

  it('shows nothing to owners and strangers, and of a catalog what happened in it', async () => {
    const stranger = await make.user();
    expect(await actionsSeenBy(actor)).toEqual([]);
    expect(await actionsSeenBy(stranger)).toEqual([]);
    await make.grant(stranger, catalog, 'READ_AUDIT');
    expect(await actionsSeenBy(stranger)).toEqual(newestFirst.slice(2));
    const ofModel = await make.user();
    await make.grant(ofModel, model, 'READ_AUDIT');
    expect(await actionsSeenBy(ofModel)).toEqual(newestFirst.slice(2, 4));
  });

  it('hides an event like one that does not exist, and the refusal is recorded', async () => {
    const [event] = (await t.as(auditor, () => trail.list({ action: 'run.created' }, { first: 1 }))).edges;
    const id = event?.node.id as string;
    const refusal = await t.as(actor, () => trail.get(id)).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(NotFound);
    await expect(t.as(actor, () => trail.get('no-id'))).rejects.toThrow('Audit event "no-id" does not exist');
    await t.as(actor, async () => t.module.get(RefusalLog).note(refusal));
    const refused = await eventually(
      () => t.as(auditor, () => trail.list({ outcome: 'REFUSED', actorId: actor.id }, { first: 1 })),
      ({ edges }) => edges.length > 0,
    );
    expect(refused.edges[0]?.node).toMatchObject({
      action: 'access.refused',
      objectKind: 'EXPERIMENT',
      objectId: experiment.id,
      after: { privilege: 'READ_AUDIT' },
    });
  });

  it('writes several events in one statement, each with its own id', async () => {
    const object: AuditObject = { kind: 'LOGGED_MODEL', id: 'm-1', name: 'bulk', within: experiment };
    const events = ['bulk.one', 'bulk.two'].map((action) => ({ action, object, before: null, after: [1, null, 'x'] }));
    await t.as(actor, () => t.module.get(AuditLog).recordAll(events));
    const { edges } = await t.as(auditor, () =>
      trail.forObject(object as { kind: 'LOGGED_MODEL'; id: string }, { first: 9 }),
    );
    expect(edges.map(({ node }) => node.action).sort()).toEqual(['bulk.one', 'bulk.two']);
    expect(edges[0]?.node).toMatchObject({ objectId: 'm-1', before: null, after: [1, null, 'x'] });
  });

  it('refuses to change or delete an event', async () => {
    await expect(t.db.execute(sql`UPDATE audit_events SET reason = 'other'`)).rejects.toThrow('append-only');
    await expect(t.db.execute(sql`DELETE FROM audit_events`)).rejects.toThrow('append-only');
  });
});
