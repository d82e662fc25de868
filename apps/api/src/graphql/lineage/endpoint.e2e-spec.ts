import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { graphql } from '../../../../../test/support/graphql.js';
import { createRegistryDoor, type RegistryDoor } from '../../../../../test/support/registry-door.js';
import { countStatements } from '../../../../../test/support/statements.js';

const name = 'prod.fraud.scorer';

describe('endpoints', () => {
  let d: RegistryDoor;
  let neighbour: TestPrincipal;
  const ask = (query: string, who: TestPrincipal = d.reader, variables?: Record<string, unknown>) =>
    graphql(d.t, who.token, query, variables);
  const report = async (who: TestPrincipal, given: object) =>
    (
      await ask(
        `mutation($input: ModelEndpointReportInput!) { modelEndpointReport(input: $input) {
          modelEndpoint { id name number url environment retiredAt version { number } model { fullName } reportedBy { name } }
          errors { __typename code message path } } }`,
        who,
        { input: { model: name, number: 1, name: 'web', ...given } },
      )
    ).data.modelEndpointReport;
  const retire = async (who: TestPrincipal, given: object = {}) =>
    (
      await ask(
        `mutation($input: ModelEndpointRetireInput!) { modelEndpointRetire(input: $input) {
          modelEndpoint { name number retiredAt } errors { __typename code message } } }`,
        who,
        { input: { model: name, name: 'web', ...given } },
      )
    ).data.modelEndpointRetire;
  const listed = 'nodes { name number retiredAt } totalCount';
  const ofModel = async (who: TestPrincipal, args = 'first: 5') =>
    (await ask(`{ model(fullName: "${name}") { endpoints(${args}) { ${listed} } } }`, who)).data.model;

  beforeAll(async () => {
    d = await createRegistryDoor();
    await d.model(name, 2);
    neighbour = await d.t.make.user();
    await d.t.make.schema('other.schema', neighbour);
  });
  afterAll(() => d.close());

  it('are reported by whoever may load the model, and move with the next report', async () => {
    const url = 'https://serving.example/scorer';
    const first = await report(d.reader, { url, environment: 'production' });
    expect(first).toMatchObject({
      modelEndpoint: {
        ...{ name: 'web', number: 1, url, environment: 'production', retiredAt: null, version: { number: 1 } },
        ...{ model: { fullName: name }, reportedBy: { name: d.reader.name } },
      },
      errors: [],
    });
    expect((await report(d.reader, { number: 2, url })).modelEndpoint).toMatchObject({ number: 2, environment: null });
    expect(await ofModel(d.owner)).toEqual({
      endpoints: { nodes: [{ name: 'web', number: 2, retiredAt: null }], totalCount: 1 },
    });
    const { endpoints } = await ofModel(d.owner, 'first: 5, includeRetired: true');
    expect(endpoints.nodes.map(({ number }: { number: number }) => number)).toEqual([2, 1]);
    expect(endpoints).toMatchObject({ totalCount: 2, nodes: [{}, { retiredAt: expect.any(String) }] });
    const of = (number: number) => `v${number}: modelVersion(fullName: "${name}", number: ${number}) {
      endpoints(first: 5) { ${listed} } all: endpoints(first: 5, includeRetired: true) { totalCount } }`;
    expect((await ask(`{ ${of(1)} ${of(2)} }`)).data).toEqual({
      v1: { endpoints: { nodes: [], totalCount: 0 }, all: { totalCount: 1 } },
      v2: {
        endpoints: { nodes: [{ name: 'web', number: 2, retiredAt: null }], totalCount: 1 },
        all: { totalCount: 1 },
      },
    });
  });

  it('stand in the lineage of their version, begin a walk, and are found by their id', async () => {
    const { data } = await ask(`{ modelVersion(fullName: "${name}", number: 2) { id lineage(direction: DOWNSTREAM) {
      nodes { id kind displayName entity { __typename ... on ModelEndpoint { url } } } edges { kind observedAt } } } }`);
    const { nodes, edges } = data.modelVersion.lineage;
    expect(nodes[1]).toMatchObject({
      ...{ kind: 'ENDPOINT', displayName: 'web' },
      entity: { __typename: 'ModelEndpoint', url: 'https://serving.example/scorer' },
    });
    const node = `{ node(id: "${nodes[1].id}") { ... on ModelEndpoint { reportedAt lineage(direction: UPSTREAM) {
      nodes { displayName } } } } paths: lineagePaths(from: "${data.modelVersion.id}", to: "${nodes[1].id}") {
      paths { edges { kind } } } }`;
    const { data: found } = await ask(node);
    expect(edges).toEqual([{ kind: 'SERVED_AT', observedAt: found.node.reportedAt }]);
    expect(found.node.lineage.nodes).toEqual([{ displayName: 'web' }, { displayName: `${name}/2` }]);
    expect(found.paths.paths).toEqual([{ edges: [{ kind: 'SERVED_AT' }] }]);
    for (const who of [d.stranger, neighbour]) expect((await ask(node, who)).data).toEqual({ node: null, paths: null });
  });

  it('belong to who has reported them, and do not exist for who may not load the model', async () => {
    const other = await d.t.make.user();
    const [prod] = await d.t.db.query<{ id: string }>(sql`SELECT id FROM securables WHERE full_name = 'prod'`);
    await d.t.make.grant(other, prod as { id: string }, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
    for (const answer of [await report(other, { number: 1 }), await retire(other)]) {
      expect(answer).toMatchObject({ modelEndpoint: null, errors: [{ __typename: 'PermissionDeniedError' }] });
    }
    for (const who of [d.stranger, neighbour]) {
      expect(await ofModel(who)).toBeNull();
      for (const act of [report, retire]) {
        const [hidden, absent] = [await act(who, {}), await act(who, { model: 'prod.fraud.none' })];
        expect(hidden.errors).toMatchObject([{ code: 'NOT_FOUND' }]);
        expect(JSON.stringify(hidden).replaceAll(name, 'x')).toBe(
          JSON.stringify(absent).replaceAll('prod.fraud.none', 'x'),
        );
      }
    }
    expect((await ofModel(d.reader)).endpoints.nodes).toEqual([{ name: 'web', number: 2, retiredAt: null }]);
  });

  it('tell what is wrong with a report', async () => {
    const { modelEndpoint, errors } = await report(d.reader, { url: 'https://me:secret@x.example/' });
    expect(modelEndpoint).toBeNull();
    expect(errors).toMatchObject([{ path: ['input', 'url'], message: /no user name and no password$/ }].map(matching));
  });

  it('are retired, and stay so; the version is null once it is deleted', async () => {
    await report(d.owner, { name: 'left', number: 1 });
    const { modelEndpoint } = await retire(d.reader, { reason: 'shut down' });
    expect(modelEndpoint).toMatchObject({ name: 'web', number: 2, retiredAt: expect.any(String) });
    expect(await retire(d.owner)).toEqual({ modelEndpoint, errors: [] });
    await d.del('model-versions/delete', { name, version: '1' });
    const { data } = await ask(
      `{ model(fullName: "${name}") { endpoints(first: 5) { nodes { number version { id } } } } }`,
    );
    expect(data.model.endpoints.nodes).toEqual([{ number: 1, version: null }]);
  });

  it('cost a constant number of statements, however many they are', async () => {
    const count = async (first: number) => {
      const statements = countStatements(d.t.app);
      const query = `{ model(fullName: "${name}") { endpoints(first: ${first}) { totalCount
        nodes { version { number } model { fullName } reportedBy { name } } } } }`;
      expect((await ask(query)).data.model.endpoints.nodes).toHaveLength(first);
      return statements.stop().length;
    };
    for (let n = 1; n <= 4; n++) await report(d.reader, { name: `e${n}`, number: 2 });
    await count(1);
    expect(await count(5)).toBe(await count(2));
    const statements = countStatements(d.t.app);
    await report(d.reader, { name: 'counted', number: 2 });
    const first = statements.stop().length;
    const again = countStatements(d.t.app);
    await report(d.reader, { name: 'counted too', number: 2 });
    expect(again.stop()).toHaveLength(first);
  });
});

const matching = ({ message, ...rest }: { message: RegExp; path: string[] }) => ({
  ...rest,
  message: expect.stringMatching(message),
});
