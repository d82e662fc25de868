import { type Answer, createTestApp, type TestApp } from './app.js';
import type { TestPrincipal } from './factories.js';

type Query = Record<string, string | undefined>;

/** The registry behind its MLflow door: `prod.fraud` and the default schema, their owner, a reader and a stranger. */
export interface RegistryDoor {
  t: TestApp;
  owner: TestPrincipal;
  reader: TestPrincipal;
  stranger: TestPrincipal;
  /** Calls below /api/2.0/mlflow, by the owner unless somebody else is named. */
  post(path: string, body: unknown, who?: TestPrincipal): Promise<Answer>;
  patch(path: string, body: unknown, who?: TestPrincipal): Promise<Answer>;
  del(path: string, body: unknown, who?: TestPrincipal): Promise<Answer>;
  get(path: string, query: Query, who?: TestPrincipal): Promise<Answer>;
  /** A model with versions whose files are outside the store. */
  model(name: string, versions?: number): Promise<string>;
  close(): Promise<void>;
}

export async function createRegistryDoor(settings: Record<string, string> = {}): Promise<RegistryDoor> {
  const t = await createTestApp(settings);
  const [owner, reader, stranger] = [await t.make.user(), await t.make.user(), await t.make.user()];
  const fraud = await t.make.schema('prod.fraud', owner);
  await t.make.grant(reader, { id: fraud.catalogId as string }, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
  await t.make.schema('main.default', owner);

  const call =
    (method: string) =>
    (path: string, body: unknown, who = owner) =>
      t.call(method, `/api/2.0/mlflow/${path}`, { token: who.token, body });
  const post = call('POST');
  const expectOk = ({ status, body }: Answer) => {
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
  };
  return {
    t,
    owner,
    reader,
    stranger,
    post,
    patch: call('PATCH'),
    del: call('DELETE'),
    get: (path, query, who = owner) => {
      const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
      return t.call('GET', `/api/2.0/mlflow/${path}?${new URLSearchParams(given)}`, { token: who.token });
    },
    model: async (name, versions = 0) => {
      expectOk(await post('registered-models/create', { name }));
      for (let n = 0; n < versions; n += 1)
        expectOk(await post('model-versions/create', { name, source: 's3://bucket/m' }));
      return name;
    },
    close: () => t.close(),
  };
}
