import net from 'node:net';
import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../support/app.js';
import type { TestPrincipal } from '../support/factories.js';
import { graphql } from '../support/graphql.js';
import { eventually } from '../support/processes.js';

const globalId = (type: string, key: string) => Buffer.from(`${type}:${key}`).toString('base64url');

/** Whoever is refused is on record, wherever in an answer it was, and also when he did not wait for it. */
describe('a refusal', () => {
  let t: TestApp;
  let catalogId: string;
  let modelId: string;
  beforeAll(async () => {
    t = await createTestApp();
    const owner = await t.make.user();
    catalogId = (await t.make.schema('prod.fraud', owner)).catalogId as string;
    modelId = (await t.make.securable('REGISTERED_MODEL', 'prod.fraud.scorer', owner)).id;
  });
  afterAll(() => t.close());

  const recorded = ({ id }: TestPrincipal) =>
    eventually(
      () =>
        t.db.query(sql`SELECT object_id AS "objectId", reason FROM audit_events
          WHERE actor_id = ${id}::uuid AND outcome = 'REFUSED' ORDER BY id`),
      ({ length }) => length > 0,
    );

  it.each([
    ['Catalog', () => catalogId, 'lacks DISCOVER'],
    ['RegisteredModel', () => modelId, 'lacks DISCOVER'],
  ])('of node(id:) of a %s', async (type, key, reason) => {
    const stranger = await t.make.user();
    const { data } = await graphql(t, stranger.token, 'query($id: ID!) { node(id: $id) { id } }', {
      id: globalId(type, key()),
    });
    expect(data.node).toBeNull();
    expect(await recorded(stranger)).toEqual([{ objectId: key(), reason }]);
  });

  it('of a field of an object that is shown', async () => {
    const browser = await t.make.user();
    await t.make.grant(browser, { id: catalogId }, 'BROWSE');
    const document =
      '{ model(fullName: "prod.fraud.scorer") { name version(number: 1) { id } versions(first: 1) { nodes { id } } } }';
    const { data } = await graphql(t, browser.token, document);
    expect(data.model).toEqual({ name: 'scorer', version: null, versions: null });
    expect(await recorded(browser)).toEqual([{ objectId: modelId, reason: 'lacks EXECUTE' }]);
  });

  it('of who hangs up before the answer', async () => {
    const stranger = await t.make.user();
    const { hostname, port } = new URL(t.url);
    const socket = net.connect(Number(port), hostname);
    const path = '/api/2.0/mlflow/registered-models/get?name=prod.fraud.scorer';
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${stranger.token}\r\n\r\n`, () =>
      socket.destroy(),
    );
    expect(await recorded(stranger)).toEqual([{ objectId: modelId, reason: 'lacks EXECUTE' }]);
  });
});
