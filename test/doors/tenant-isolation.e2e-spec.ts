import { isDeepStrictEqual } from 'node:util';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import type { FastifyRequest } from 'fastify';
import type { GraphQLInterfaceType } from 'graphql';
import sql, { raw } from 'sql-template-tag';
import { isPublic } from '../../apps/api/src/http/request-context.js';
import type { Answer, TestApp } from '../support/app.js';
import type { TestPrincipal } from '../support/factories.js';
import { type Asked, nestedDocuments, rootDocuments } from './isolation/graphql-walk.js';
import { marker, withoutIds } from './isolation/names.js';
import { type RestRequest, requestTo } from './isolation/rest-walk.js';
import { StatementLog } from './isolation/statements.js';
import { createInstallation, type Installation, outsiders, shutOut } from './isolation/worlds.js';

/**
 * Two services with the same people, asked the same things: in one the hidden world exists, in the other it does not. An
 * outsider gets the same answers from both. What is asked is read from the schema and the table of routes, so that a new
 * field or route is walked without a change here; one that the walk does not know how to ask fails it.
 */
describe('the hidden world', () => {
  let present: Installation;
  let absent: Installation;
  let statements: Map<Installation, StatementLog>;
  beforeAll(async () => {
    [present, absent] = [
      await createInstallation({ withHidden: true }),
      await createInstallation({ withHidden: false }),
    ];
    statements = new Map([present, absent].map((side) => [side, new StatementLog(side.t)]));
  }, 600_000);
  afterAll(() => Promise.all([present.t.close(), absent.t.close()]));

  it('is rich: its owner sees it everywhere', async () => {
    const seen: Answer[] = [];
    for (const asked of queriesIn(present)) seen.push(await post(present.t, present.owner, asked));
    const telling = new Set(
      queriesIn(present).flatMap(({ label }, i) => (told(seen[i]).includes(marker) ? [label] : [])),
    );
    expect(telling.size).toBeGreaterThan(60);
    const types = new Set(queriesIn(present).map(({ label }) => label));
    const entities = schemaOf(present).getPossibleTypes(schemaOf(present).getType('Node') as GraphQLInterfaceType);
    expect(entities.filter(({ name }) => !types.has(name)).map(({ name }) => name)).toEqual([]);
    // Every document fits the schema: what is refused as a whole would say nothing.
    expect(queriesIn(present).filter((_, i) => seen[i]?.status !== 200)).toEqual([]);
  }, 600_000);

  describe.each(outsiders)('for the %s', (name) => {
    it('changes no answer of GraphQL to a query', async () => {
      await compareAll(name, queriesIn, post);
    }, 600_000);

    it('changes no answer of GraphQL to a mutation, and is not changed by one', async () => {
      const before = await digest(present.t);
      await compareAll(name, mutationsIn, post);
      expect(await digest(present.t)).toEqual(before);
    }, 600_000);

    it('changes no answer of a route, and is not changed by one', async () => {
      const before = await digest(present.t);
      await compareAll(name, (side) => requestsIn(side, name), send);
      await deleteExperimentsOf(present.t, present.who[name]);
      expect(await digest(present.t)).toEqual(before);
    }, 600_000);
  });

  it.each(shutOut)(
    'for the %s there is nothing at all, on any surface',
    async (name) => {
      const who = present.who[name];
      const answers: Answer[] = [];
      for (const asked of [...queriesIn(present), ...mutationsIn(present)])
        answers.push(await post(present.t, who, asked));
      for (const request of requestsIn(present)) answers.push(await send(present.t, who, request));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
      expect(answers.filter((answer) => told(answer).includes(marker))).toEqual([]);
    },
    120_000,
  );

  /** All that a caller can see of an answer, and the statements that ran before it: the measure of its time. */
  const seen = (answer: Answer, side: Installation) => {
    const ran = statements.get(side)?.before(answer.headers.get('x-request-id')).sort();
    const once = ran?.filter(
      (text, index) => !isTouch.test(text) && (text !== ran[index - 1] || !isBatched.test(text)),
    );
    // An error ends the answer while other fields are still at work.
    return { ...visible(answer, side), ...(!answer.body?.errors && { statements: once }) };
  };

  /** Asks both services the same, and compares; and every operation must have been understood at least once. */
  async function compareAll<T extends { label: string }>(
    name: (typeof outsiders)[number],
    requests: (side: Installation) => T[],
    ask: (t: TestApp, who: TestPrincipal, request: T) => Promise<Answer>,
  ): Promise<void> {
    const understood = new Map<string, boolean>();
    const theirs = requests(absent);
    const leaks: object[] = [];
    const different: { request: T; hidden: object; nothing: object }[] = [];
    for (const [index, request] of requests(present).entries()) {
      const hidden = await ask(present.t, present.who[name], request);
      const nothing = await ask(absent.t, absent.who[name], theirs[index] as T);
      const [one, other] = [seen(hidden, present), seen(nothing, absent)];
      if (!isDeepStrictEqual(one, other)) different.push({ request, hidden: one, nothing: other });
      if (withoutEcho(told(hidden), request).includes(marker)) leaks.push({ request, answer: told(hidden) });
      understood.set(request.label, understood.get(request.label) || !isMisunderstood(hidden));
    }
    expect(leaks).toEqual([]);
    expect([different.map(({ request }) => request.label), different[0]]).toEqual([[], undefined]);
    expect([...understood].filter(([, was]) => !was).map(([label]) => label)).toEqual([]);
    expect(understood.size).toBeGreaterThan(20);
  }
});

const schemaOf = ({ t }: Installation) => t.app.get(GraphQLSchemaHost).schema;
const queriesIn = (side: Installation): Asked[] => [
  ...rootDocuments(schemaOf(side), 'query', side.made),
  ...nestedDocuments(schemaOf(side), side.made),
];

const mutationsIn = (side: Installation): Asked[] => rootDocuments(schemaOf(side), 'mutation', side.made);

const requestsIn = ({ t, made }: Installation, as = ''): RestRequest[] =>
  t.app
    .getHttpAdapter()
    .getInstance()
    .operations.filter(({ url }) => url !== '/graphql' && !isPublic({ url } as FastifyRequest))
    .map((route) => requestTo(route, made, as));

const post = (t: TestApp, { token }: TestPrincipal, { query, variables }: Asked): Promise<Answer> =>
  t.call('POST', '/graphql', { token, body: { query, variables } });

const send = (t: TestApp, { token }: TestPrincipal, { method, url, body }: RestRequest): Promise<Answer> =>
  t.call(method, url, { token, body });

const told = (answer: Answer | undefined): string => JSON.stringify(answer?.body ?? null);

/** Look-ups of a DataLoader: how many keys come together is a matter of the moment. */
const isBatched = /\.id = ANY\(\$1::uuid\[\]\)/;

/** Once a minute, whatever is asked. */
const isTouch = /^UPDATE access_tokens SET last_used_at/;

const tellingHeaders = [
  'content-type',
  'www-authenticate',
  'allow',
  'cache-control',
  'accept-ranges',
  'content-disposition',
];

/** All that a caller can see of an answer, without what must differ between two services. */
const visible = (answer: Answer, { made }: Installation) => ({
  status: answer.status,
  headers: tellingHeaders.map((name) => answer.headers.get(name)),
  body: withoutIds(told(answer), made),
});

/** The answer without what was sent: names that the caller said himself tell him nothing. */
function withoutEcho(answer: string, request: object): string {
  const sent = new Set<string>();
  JSON.stringify(request, (_key, value: unknown) => {
    if (typeof value === 'string') sent.add(value);
    return value;
  });
  // A name holds the names of what it stands in.
  const parts = [...sent].flatMap((text) => [
    text,
    ...decodeURIComponent(text).split(/[/?&=]/),
    ...[...text.matchAll(/\./g)].map(({ index }) => text.slice(0, index)),
  ]);
  return [...new Set(parts)]
    .filter((text) => text.includes(marker))
    .sort((one, other) => other.length - one.length)
    .reduce((text, echoed) => text.replaceAll(echoed, '…'), answer);
}

/** The request as a whole was refused for its form, which says nothing of what it asks. */
const isMisunderstood = ({ status, body }: Answer): boolean =>
  status === 400 ||
  body?.errors?.some(isOfWhole) === true ||
  payloadOf(body)?.errors?.some((error) => error.__typename === 'ValidationError') === true;

// biome-ignore lint/suspicious/noExplicitAny: an answer of any shape
const payloadOf = (body: any) =>
  Object.values(body?.data ?? {})[0] as { errors?: { __typename?: string }[] } | null | undefined;

const isOfWhole = ({ path, extensions }: { path?: string[]; extensions?: { reason?: string } }): boolean =>
  path?.length === 1 && extensions?.reason === 'INVALID_ARGUMENT';

/** Everybody may make experiments, and so does who walks all routes. */
async function deleteExperimentsOf(t: TestApp, { id }: TestPrincipal): Promise<void> {
  const own = sql`SELECT id FROM securables WHERE created_by = ${id}::uuid AND kind = 'EXPERIMENT'`;
  const numbers = sql`SELECT id FROM experiments WHERE securable_id IN (${own})`;
  await t.db.execute(sql`DELETE FROM datasets WHERE experiment_id IN (${numbers})`);
  await t.db.execute(sql`DELETE FROM experiments WHERE securable_id IN (${own})`);
  await t.db.execute(sql`DELETE FROM securables WHERE id IN (${own})`);
}

/** Every table, but for what the outsiders do to themselves: their own tokens and addresses, what they mute, and the record of their refusals. */
async function digest(t: TestApp): Promise<unknown[]> {
  const tables = await t.db.query<{ name: string }>(
    sql`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
  );
  const own = [
    'access_tokens',
    'access_version',
    'audit_events',
    'unsealed_events',
    'email_addresses',
    'idempotency_keys',
    'muted_notifications',
    'outbox',
  ];
  return Promise.all(
    tables
      .filter(({ name }) => !own.includes(name))
      .map(({ name }) =>
        t.db.first(sql`SELECT ${name} AS name, md5(string_agg(t::text, '|' ORDER BY t::text)) FROM ${raw(name)} t`),
      ),
  );
}
