import { Sessions } from '@app/identity';
import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { PromotionTest } from '../../../../../test/support/promotion.js';
import {
  createSubscriptionTest,
  follow,
  globalId,
  ofInbox,
  ofOne,
  type SubscriptionTest,
} from '../../../../../test/support/subscription.js';

/** Changes are made by the services of one process, and followed at the doors of another. */
describe('subscriptions over WebSockets', () => {
  let s: SubscriptionTest;
  let t: PromotionTest;
  let door: TestApp;
  beforeAll(async () => {
    s = await createSubscriptionTest();
    ({ t, door } = s);
  });
  afterAll(() => s.close());

  it('tell each change once, in the order of the commits, and are resumed after any of them', async () => {
    const who = await s.reviewer();
    const { request, model } = await s.requestFor(who);
    const variables = { id: globalId(request), after: '0' };
    const first = follow(door.url, { token: who.token }, ofOne, variables);
    const created = (await first.next()).data.it;
    expect(created).toMatchObject({ action: 'promotion_request.created', event: null, awaitsViewer: true });
    expect(created.promotionRequest).toEqual({ number: request.number, state: 'AWAITING_APPROVAL' });
    let seen = await first.next();
    while (seen.data.it.action !== 'promotion_request.awaiting_approval') seen = await first.next();

    await t.decide(t.leads[0], request);
    const decided = (await first.next()).data.it;
    expect(BigInt(decided.sequence)).toBeGreaterThan(BigInt(created.sequence));
    const later = follow(door.url, { token: who.token }, ofOne, { ...variables, after: seen.data.it.sequence });
    expect((await later.next()).data.it).toEqual(decided);
    await later.client.dispose();

    await t.make.grant(who, model, 'READ_AUDIT');
    await t.decide(who, request);
    const own = (await first.next()).data.it;
    expect(own.event).toEqual({ action: own.action });
    expect(own.awaitsViewer).toBe(false);
    await first.client.dispose();
  });

  it('an unknown position, no object or two, and what else is sent here, are refused', async () => {
    const who = await s.reviewer();
    const { request } = await s.requestFor(who);
    const id = globalId(request);
    const messageOf = async (query: string, variables: Record<string, unknown>) => {
      const one = follow(door.url, { token: who.token }, query, variables);
      const refused = await one.next().catch((errors: unknown) => ({ errors }));
      await one.client.dispose();
      return refused.errors[0];
    };
    expect(await messageOf(ofOne, { id, after: '999999999' })).toMatchObject({
      message: expect.stringMatching(/^after: 999999999 is beyond the last change, \d+/),
      extensions: { code: 'BAD_USER_INPUT' },
    });
    expect((await messageOf(ofOne, {})).message).toBe('give one of id and awaitingViewer: true');
    expect((await messageOf('{ __typename }', {})).message).toMatch(/^a query is sent to \/graphql by POST/);
    const deep = `subscription { promotionRequestChanged(awaitingViewer: true) { promotionRequest { version { ${'model { owner { id } versions(first: 1) { nodes { '.repeat(5)} id ${'} } } '.repeat(5)} } } } }`;
    expect((await messageOf(deep, {})).extensions).toEqual({ code: 'DEPTH_LIMIT' });
    const page = (inner: string) => `model { versions(first: 100) { nodes { ${inner} } } }`;
    const dear = `subscription { promotionRequestChanged(awaitingViewer: true) { promotionRequest { version { ${page(page('id'))} } } } }`;
    expect((await messageOf(dear, {})).extensions).toEqual({ code: 'COST_LIMIT' });
  });

  it('a stranger, and who may see another catalog, are refused as for what does not exist; nobody without a token', async () => {
    const { request } = await s.requestFor(await s.reviewer());
    const neighbour = await t.make.user();
    const other = await t.make.schema(`other${neighbour.name.slice(2)}.schema`, t.owner);
    await t.make.grant(neighbour, { id: other.catalogId as string }, 'ALL_PRIVILEGES', 'APPROVE_PROMOTION');
    for (const outsider of [await t.make.user(), neighbour]) {
      const one = follow(door.url, { token: outsider.token }, ofOne, { id: globalId(request), after: '0' });
      const { errors } = await one.next();
      expect(errors[0].message).toBe(`Promotion request "${request.id}" does not exist, or you may not see it`);
      expect(await one.next()).toBeUndefined();
      await one.client.dispose();
    }
    for (const token of [undefined, 'imp_wrong']) {
      const anonymous = follow(door.url, { token }, ofInbox);
      await expect(anonymous.next()).rejects.toMatchObject({ code: 4401 });
    }
  });

  it('a revoked grant ends the subscription to a request, and silences it in the inbox, from the next change on', async () => {
    const who = await s.reviewer();
    const [lost, kept] = [await s.requestFor(who), await s.requestFor(who)];
    const one = follow(door.url, { token: who.token }, ofOne, { id: globalId(lost.request), after: '0' });
    const inbox = follow(door.url, { token: who.token }, ofInbox, { after: '0' });
    await one.next();
    let last = (await inbox.next()).data.it;
    while (last.promotionRequest.number !== kept.request.number) last = (await inbox.next()).data.it;

    await s.revoke(who, lost.model);
    await t.decide(t.leads[0], lost.request);
    await t.decide(t.leads[0], kept.request);
    let ended = await one.next();
    while (!ended.errors) ended = await one.next();
    expect(ended.errors[0].message).toMatch(/does not exist, or you may not see it$/);
    expect(await one.next()).toBeUndefined();

    const after: string[] = [];
    for (let seen = last; seen.action !== 'promotion_request.decided'; ) {
      seen = (await inbox.next()).data.it;
      after.push(seen.promotionRequest.number);
    }
    expect(new Set(after)).toEqual(new Set([kept.request.number]));
    await Promise.all([one.client.dispose(), inbox.client.dispose()]);
  });

  it.each([
    [
      'a revoked token',
      (id: string) =>
        sql`UPDATE access_tokens SET revoked_at = now() - interval '1 minute' WHERE principal_id = ${id}::uuid`,
    ],
    ['a disabled user', (id: string) => sql`UPDATE principals SET disabled_at = now() WHERE id = ${id}::uuid`],
  ])('%s closes the connection at the next change, which it is not told', async (_name, statement) => {
    const who = await s.reviewer();
    const { request } = await s.requestFor(who);
    const one = follow(door.url, { token: who.token }, ofOne, { id: globalId(request), after: '0' });
    let seen = await one.next();
    while (seen.data.it.action !== 'promotion_request.awaiting_approval') seen = await one.next();
    await t.db.execute(statement(who.id));
    await t.db.execute(sql`UPDATE access_version SET version = version + 1`);
    await t.decide(t.leads[0], request);
    const rest = await one.next().catch((error: unknown) => ({ closed: error }));
    expect(rest?.data).toBeUndefined();
    expect(await one.closed).toMatchObject({ code: 4401 });
  });

  it('nobody holds more than the limit', async () => {
    const who = await s.reviewer();
    const { request } = await s.requestFor(who);
    const variables = { id: globalId(request), after: '0' };
    const [one, two] = [0, 1].map(() => follow(door.url, { token: who.token }, ofOne, variables));
    await Promise.all([one!.next(), two!.next()]);
    const third = follow(door.url, { token: who.token }, ofOne, variables);
    await expect(third.next()).rejects.toMatchObject({
      code: 4403,
      reason: expect.stringContaining('holds 2 WebSockets'),
    });
    await one!.client.dispose();
    await one!.closed;
    await two!.client.dispose();
    await two!.closed;
  });

  describe('of browsers', () => {
    it('the session of a browser follows from a page of ours only, and until it ends', async () => {
      const who = await s.reviewer();
      const { request } = await s.requestFor(who);
      const session = await door.app.get(Sessions, { strict: false }).begin(who);
      const cookie = `imprimatur_session=${session}`;
      const variables = { id: globalId(request), after: '0' };
      const foreign = follow(door.url, { headers: { cookie, origin: 'https://evil.example' } }, ofOne, variables);
      await expect(foreign.next()).rejects.toBeDefined();
      const own = follow(door.url, { headers: { cookie, origin: door.url } }, ofOne, variables);
      expect((await own.next()).data.it.promotionRequest.number).toBe(request.number);
      await t.as(who, () => door.app.get(Sessions, { strict: false }).end(session));
      await t.decide(t.leads[0], request);
      expect(await own.closed).toMatchObject({ code: 4401 });
    });

    it('a process that ends closes its connections, so that clients connect again', async () => {
      const leaving = await createTestApp({ DATABASE_URL: t.env.DATABASE_URL as string });
      const who = await s.reviewer();
      const { request } = await s.requestFor(who);
      const one = follow(leaving.url, { token: who.token }, ofOne, { id: globalId(request), after: '0' });
      await one.next();
      await leaving.close();
      expect(await one.closed).toMatchObject({ code: 1001 });
    });
  });
});
