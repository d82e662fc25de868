import fs from 'node:fs';
import path from 'node:path';
import { METASTORE_ID, type Securable } from '@app/access';
import { Config } from '@app/platform';
import { Policies, PolicyModule } from '@app/policy';
import { Registrations, RegistryModule, type VersionView } from '@app/registry';
import type { Type } from '@nestjs/common';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from './factories.js';
import { createTestModule, type TestModule } from './module.js';

export interface RecordedEvent {
  action: string;
  objectName: string;
  before: unknown;
  after: unknown;
  reason: string | null;
}

export const mlmodelText = `
flavors:
  python_function: { loader_module: mlflow.sklearn, python_version: 3.11.4 }
  sklearn: { sklearn_version: 1.5.0, serialization_format: cloudpickle }
signature:
  inputs: '[{"type": "double", "name": "amount", "required": true}]'
  outputs: '[{"type": "long", "required": true}]'
  params: null
`;

/** The registry on a real database and a real folder, with a schema `prod.fraud` and its owner. */
export interface RegistryTest extends TestModule {
  make: Factories;
  owner: TestPrincipal;
  catalog: Securable;
  schema: Securable;
  /** A registered model, owned by the owner of the schema. */
  model(fullName?: string): Promise<Securable>;
  /** Files in the artifact store, as an upload would leave them. */
  folder(name: string, files?: Record<string, string | Buffer>): string;
  /** Registers a version of a small model of its own. */
  version(model: string): Promise<VersionView>;
  /** Hangs a policy on the catalog. */
  protect(targets: { stages?: string[]; aliases?: string[] }): Promise<void>;
  /** The audit events of a model and all in it, oldest first. */
  events(modelId: string): Promise<RecordedEvent[]>;
}

export async function createRegistryTest(
  settings: Record<string, string> = {},
  imports: Type[] = [],
): Promise<RegistryTest> {
  const t = await createTestModule([RegistryModule, PolicyModule, ...imports], settings);
  const make = new Factories(t.db);
  const owner = await make.user();
  const schema = await make.schema('prod.fraud', owner);
  const [catalog] = await t.db.query<Securable>(
    sql`SELECT id, kind, full_name AS "fullName" FROM securables WHERE id = ${schema.catalogId}::uuid`,
  );
  const root = t.module.get(Config).artifactRoot;
  let made = 0;

  const folder = (
    name: string,
    files: Record<string, string | Buffer> = { MLmodel: mlmodelText, 'model.pkl': `bytes of ${name}` },
  ) => {
    for (const [file, text] of Object.entries(files)) {
      const target = path.join(root, name, file);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.writeFileSync(target, text);
    }
    return name;
  };

  return {
    ...t,
    make,
    owner,
    catalog: catalog as Securable,
    schema,
    model: (fullName = `prod.fraud.m${++made}`) => make.securable('REGISTERED_MODEL', fullName, owner),
    folder,
    version: (model) => {
      const storagePath = folder(`1/models/m-${++made}/artifacts`);
      const source = `mlflow-artifacts:/${storagePath}`;
      return t.as(owner, () => t.module.get(Registrations).register({ model, source, storagePath }));
    },
    protect: async ({ stages = [], aliases = [] }) => {
      const lead = await make.user();
      await make.grant(lead, { id: METASTORE_ID }, 'MANAGE_POLICY');
      await make.grant(lead, { id: schema.catalogId as string }, 'MANAGE_POLICY', 'USE_CATALOG');
      const rules = { protects: { stages, aliases } };
      const on = { kind: 'CATALOG', fullName: 'prod' } as const;
      await t.as(lead, () => t.module.get(Policies).create({ on, name: 'production', rules }));
    },
    events: (modelId) =>
      t.db.query<RecordedEvent>(sql`
        SELECT action, object_name AS "objectName", before, after, reason FROM audit_events
        WHERE securable_id = ${modelId}::uuid AND outcome = 'ALLOWED' ORDER BY occurred_at, id`),
  };
}
