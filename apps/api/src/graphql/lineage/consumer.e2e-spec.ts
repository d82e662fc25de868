import { ConsumerLog } from '@app/lineage';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { graphql } from '../../../../../test/support/graphql.js';
import { createRegistryDoor, type RegistryDoor } from '../../../../../test/support/registry-door.js';
import { countStatements } from '../../../../../test/support/statements.js';

/** Loaded through MLflow's routes, and read through GraphQL. */
describe('consumers', () => {
  let d: RegistryDoor;
  let name: string;
  const ask = (query: string, who: TestPrincipal = d.owner) => graphql(d.t, who.token, query);
  beforeAll(async () => {
    d = await createRegistryDoor();
    name = await d.model('prod.fraud.scorer');
    for (let number = 1; number <= 2; number++)
      expect(await d.post('model-versions/create', { name, source: 's3://bucket/m' })).toMatchObject({ status: 200 });
  });
  afterAll(() => d.close());

  const use = `consumers(first: 5) { nodes { principal { name } loads days lastAt } totalCount }
    usage { loads consumers lastAt days { day loads consumers } }`;
  const version = `{ modelVersion(fullName: "prod.fraud.scorer", number: 2) { ${use} } }`;
  const model = `{ model(fullName: "prod.fraud.scorer") { ${use} } }`;

  it('are who asked where to download a version from, on every path of it', async () => {
    const load = (number: string, who: TestPrincipal) =>
      d.get('model-versions/get-download-uri', { name, version: number }, who);
    const statements = countStatements(d.t.app);
    await load('2', d.reader);
    const texts = statements.stop();
    expect(texts.filter((text) => text.includes('model_version_consumers'))).toEqual([]);
    await load('2', d.reader);
    await d.t.call('GET', `/ajax-api/2.0/mlflow/model-versions/get-download-uri?name=${name}&version=2`, {
      token: d.owner.token,
    });
    // Not a load: what is refused, what is not there, and what only reads.
    expect((await load('2', d.stranger)).status).toBe(404);
    expect((await load('9', d.reader)).status).toBe(404);
    await d.get('model-versions/get', { name, version: '2' }, d.reader);
    await d.t.app.get(ConsumerLog, { strict: false }).flush();

    const day = new Date().toISOString().slice(0, 10);
    const usage = { loads: 3, consumers: 2, lastAt: expect.any(String), days: [{ day, loads: 3, consumers: 2 }] };
    const seen = (await ask(version)).data.modelVersion;
    expect(seen.usage).toEqual(usage);
    expect(seen.consumers.totalCount).toBe(2);
    expect(seen.consumers.nodes).toEqual(
      expect.arrayContaining([
        { principal: { name: d.reader.name }, loads: 2, days: 1, lastAt: expect.any(String) },
        { principal: { name: d.owner.name }, loads: 1, days: 1, lastAt: expect.any(String) },
      ]),
    );
    expect((await ask(model)).data.model).toEqual(seen);
    // Who may load it himself sees how much it is used, and not by whom.
    expect((await ask(version, d.reader)).data.modelVersion).toEqual({ consumers: null, usage });
    expect((await ask(model, d.reader)).data.model).toEqual({ consumers: null, usage });
  });

  it('stand downstream of the version, for whoever may know their names', async () => {
    const query = `{ modelVersion(fullName: "${name}", number: 2) { lineage(direction: DOWNSTREAM) {
      nodes { kind displayName hiddenDownstreamCount entity { __typename } } } } }`;
    const nodes = async (who: TestPrincipal) => (await ask(query, who)).data.modelVersion.lineage.nodes;
    const consumer = { kind: 'CONSUMER', entity: { __typename: 'Principal' } };
    expect((await nodes(d.owner)).slice(1)).toMatchObject([consumer, consumer]);
    expect(await nodes(d.reader)).toMatchObject([{ displayName: `${name}/2`, hiddenDownstreamCount: 0 }]);
  });

  it('are kept after their principal is gone', async () => {
    const robot = await d.t.make.principal('SERVICE_PRINCIPAL');
    const admin = await d.t.make.admin();
    const grant = `mutation { grantCreate(input: { securable: { kind: CATALOG, fullName: "prod" }, principal: "${robot.name}", privilege: ALL_PRIVILEGES }) { errors { message } } }`;
    expect((await ask(grant)).data.grantCreate.errors).toEqual([]);
    expect((await d.get('model-versions/get-download-uri', { name, version: '1' }, robot)).status).toBe(200);
    const gone = await ask(
      `mutation { principalDelete(input: { name: "${robot.name}" }) { errors { message } } }`,
      admin,
    );
    expect(gone.data.principalDelete.errors).toEqual([]);
    await d.t.app.get(ConsumerLog, { strict: false }).flush();
    const { data } = await ask(version.replace('number: 2', 'number: 1'));
    expect(data.modelVersion.consumers.nodes).toMatchObject([{ principal: null, loads: 1 }]);
  });
});
