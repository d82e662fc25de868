import type { Securable } from '@app/access';
import type { PromotionRequest } from '@app/promotion';
import { type Client, createClient } from 'graphql-ws';
import sql from 'sql-template-tag';
import WebSocket from 'ws';
import { createTestApp, type TestApp } from './app.js';
import type { TestPrincipal } from './factories.js';
import { createPromotionTest, type PromotionTest } from './promotion.js';

export interface Followed {
  /** The next result; undefined at the end. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what the server sent, of any shape.
  next(): Promise<any>;
  /** How the socket was closed. */
  closed: Promise<{ code: number; reason: string }>;
  client: Client;
}

/** How a client authenticates: by its first message, or by the headers of its handshake. */
export type Greeting = { token?: string; headers?: Record<string, string> };

/** One subscription over a WebSocket of its own. */
export function follow(
  url: string,
  { token, headers = {} }: Greeting,
  query: string,
  variables?: Record<string, unknown>,
): Followed {
  class WithHeaders extends WebSocket {
    constructor(address: string, protocols?: string | string[]) {
      super(address, protocols, { headers });
    }
  }
  let close: (event: { code: number; reason: string }) => void = () => undefined;
  const closed = new Promise<{ code: number; reason: string }>((resolve) => (close = resolve));
  const client = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WithHeaders,
    retryAttempts: 0,
    connectionParams: token ? { authorization: `Bearer ${token}` } : undefined,
    on: { closed: (event) => close(event as { code: number; reason: string }) },
  });
  const results = client.iterate({ query, variables });
  return { client, closed, next: async () => (await results.next()).value };
}

/** The events of a stream of server-sent events, as they arrive. */
export async function* eventsOf(response: Response): AsyncGenerator<{ event: string; data: string }> {
  let text = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString('utf8');
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const [, event] = /^event: ?(.*)$/m.exec(text.slice(0, end)) ?? [];
      const [, data = ''] = /^data: ?(.*)$/m.exec(text.slice(0, end)) ?? [];
      text = text.slice(end + 2);
      if (event) yield { event, data };
    }
  }
}

export const globalId = (request: PromotionRequest) =>
  Buffer.from(`PromotionRequest:${request.id}`).toString('base64url');
const fields = '{ sequence action awaitsViewer promotionRequest { number state } event { action } }';
export const ofOne = `subscription($id: ID, $after: BigInt) { it: promotionRequestChanged(id: $id, after: $after) ${fields} }`;
export const ofInbox = `subscription($after: BigInt) { it: promotionRequestChanged(awaitingViewer: true, after: $after) ${fields} }`;

/** Changes are made by the services of one process (`t`), and followed at the doors of another (`door`). */
export interface SubscriptionTest {
  t: PromotionTest;
  door: TestApp;
  /** A request for a version of a model of its own, whose only approver is `who`. */
  requestFor(who: TestPrincipal): Promise<{ model: Securable; request: PromotionRequest }>;
  reviewer(): Promise<TestPrincipal>;
  /** What the database does when a grant is revoked. */
  revoke(who: TestPrincipal, model: Securable): Promise<void>;
  close(): Promise<void>;
}

export async function createSubscriptionTest(): Promise<SubscriptionTest> {
  const t = await createPromotionTest();
  const door = await createTestApp({
    DATABASE_URL: t.env.DATABASE_URL as string,
    DATA_DIR: t.env.DATA_DIR as string,
    SUBSCRIPTIONS_PER_PRINCIPAL: '2',
  });
  return {
    t,
    door,
    requestFor: async (who) => {
      const model = await t.model();
      await t.make.grant(who, model, 'EXECUTE', 'APPROVE_PROMOTION');
      await t.policy(model, { approvals: [{ name: 'two', count: 2, principalIds: [who.id, t.leadGroup.id] }] });
      return { model, request: await t.runGates(await t.request(await t.trained(model))) };
    },
    reviewer: async () => {
      const who = await t.make.user();
      await t.make.grant(who, t.catalog, 'USE_CATALOG', 'USE_SCHEMA');
      return who;
    },
    revoke: async (who, model) => {
      await t.db.execute(
        sql`DELETE FROM grants WHERE principal_id = ${who.id}::uuid AND securable_id = ${model.id}::uuid`,
      );
      await t.db.execute(sql`UPDATE access_version SET version = version + 1`);
    },
    close: async () => {
      await door.close();
      await t.close();
    },
  };
}
