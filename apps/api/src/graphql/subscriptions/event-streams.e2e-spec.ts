import {
  createSubscriptionTest,
  eventsOf,
  globalId,
  ofOne,
  type SubscriptionTest,
} from '../../../../../test/support/subscription.js';

describe('subscriptions over server-sent events', () => {
  let s: SubscriptionTest;
  beforeAll(async () => {
    s = await createSubscriptionTest();
  });
  afterAll(() => s.close());

  const stream = (token: string, variables: object, headers: Record<string, string> = {}) =>
    fetch(`${s.door.url}/graphql`, {
      method: 'POST',
      headers: {
        accept: 'text/event-stream',
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...headers,
      },
      body: JSON.stringify({ query: ofOne, variables }),
    });

  it('tell the same, and end with an error when the right is gone', async () => {
    const who = await s.reviewer();
    const { request, model } = await s.requestFor(who);
    const response = await stream(who.token, { id: globalId(request), after: '0' });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    const events = eventsOf(response);
    const { value: first } = await events.next();
    expect(first.event).toBe('next');
    expect(JSON.parse(first.data).data.it.promotionRequest.number).toBe(request.number);
    await s.revoke(who, model);
    await s.t.decide(s.t.leads[0], request);
    const rest = [];
    for await (const { event, data } of events) rest.push([event, data]);
    expect(rest.at(-2)).toEqual(['next', expect.stringContaining('does not exist, or you may not see it')]);
    expect(rest.at(-1)?.[0]).toBe('complete');
    expect(rest.map(([, data]) => data).join()).not.toContain('promotion_request.decided');
  });

  it('a stream that cannot begin says why, and ends', async () => {
    const who = await s.reviewer();
    const { request, model } = await s.requestFor(who);
    await s.revoke(who, model);
    const told = async (response: Response) => {
      const events = [];
      for await (const { event, data } of eventsOf(response)) events.push([event, data]);
      return events;
    };
    expect(await told(await stream(who.token, { id: globalId(request) }))).toEqual([
      ['next', expect.stringContaining('does not exist, or you may not see it')],
      ['complete', ''],
    ]);
    expect(await told(await stream(who.token, {}))).toEqual([
      ['next', expect.stringContaining('BAD_USER_INPUT')],
      ['complete', ''],
    ]);
  });

  it('need a token', async () => {
    expect((await stream('imp_wrong', { id: 'x' })).status).toBe(401);
  });
});
