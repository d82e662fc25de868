import type { TestApp } from './app.js';
import { type Cli, type CliAnswer, createCli } from './cli.js';
import type { TestPrincipal } from './factories.js';
import { graphql } from './graphql.js';

interface Names {
  catalog: string;
  schema: string;
  model: string;
  lea: string;
  tom: string;
  crew: string;
}

/** Something for an apply to change: a catalog with a schema and a model that the administrator owns, lea and tom, and a group of lea. */
export interface AccessWorld {
  names: Names;
  admin: TestPrincipal;
  /** As the administrator. */
  cli: Cli;
  apply(text: string, ...options: string[]): Promise<CliAnswer>;
  grant(who: string, privilege: string, fullName: string, kind: string): Promise<void>;
  /** All that the file could change here. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what the server sent.
  state(): Promise<any>;
}

let worlds = 0;

export async function createAccessWorld(t: TestApp): Promise<AccessWorld> {
  const n = ++worlds;
  const catalog = `prod${n}`;
  const schema = `${catalog}.fraud`;
  const names = { catalog, schema, model: `${schema}.scorer`, lea: `lea${n}`, tom: `tom${n}`, crew: `crew${n}` };
  const admin = await t.make.admin(`root${n}`);
  await t.make.schema(names.schema, admin);
  await t.make.securable('REGISTERED_MODEL', names.model, admin);
  await t.make.user(names.tom);
  await t.make.group([await t.make.user(names.lea)], names.crew);
  const cli = createCli({ IMPRIMATUR_SERVER: t.url, IMPRIMATUR_TOKEN: admin.token });
  const ask = async (document: string, variables: Record<string, unknown>) => {
    const { data, errors } = await graphql(t, admin.token, document, variables);
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
  return {
    names,
    admin,
    cli,
    apply: (text, ...options) => {
      cli.write('access.yaml', text);
      return cli.run(['apply', '-f', 'access.yaml', ...options]);
    },
    grant: async (principal, privilege, fullName, kind) => {
      const input = { principal, privilege, securable: { kind, fullName } };
      await ask('mutation($input: GrantCreateInput!) { grantCreate(input: $input) { errors { message } } }', { input });
    },
    state: () => ask(stateDocument, { catalog, schema, model: names.model, crew: names.crew }),
  };
}

const grants = 'grants(first: 100) { nodes { privilege expiresAt principal { name } } }';
const stateDocument = `query($catalog: String!, $schema: String!, $model: String!, $crew: String!) {
  catalog(name: $catalog) { owner { name } ${grants} policies(first: 10) { nodes { name retiredAt revision } } }
  schema(fullName: $schema) { owner { name } grantsRevision ${grants} }
  model(fullName: $model) { owner { name } ${grants} }
  principal(name: $crew) { members(first: 100) { nodes { name } } }
}`;

/** Something of everything that a file can say, with 10 things to make, an owner to change, and lea to take out of the crew. */
export const accessFileOf = ({ catalog, model, lea, tom, crew }: Names, admin: string, mode: string): string => `
version: 1
mode: ${mode}
groups:
  ${crew}: { members: [${tom}] }
  new-${crew}: { members: [${lea}, ${crew}] }
catalogs:
  ${catalog}:
    grants:
      ${crew.toUpperCase()}: [USE_CATALOG, USE_SCHEMA]
      ${admin}: [MANAGE_POLICY]
    policies:
      guard:
        protects: { stages: [Production], aliases: [champion] }
        gates:
          - { key: files, type: ARTIFACT_INTEGRITY, artifactIntegrity: { maxBytes: 1000000 } }
          - { key: auc, type: METRIC_THRESHOLD, metricThreshold: { metric: auc, min: 0.8 } }
        approvals: [{ name: leads, count: 1, approvers: [new-${crew}, ${lea}] }]
models:
  ${model}:
    owner: ${tom}
    grants:
      ${lea}: [{ privilege: EXECUTE, expiresAt: "2099-03-01T12:00:00.123+01:00" }, APPLY_TAG]
`;
