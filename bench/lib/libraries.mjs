// The libraries of the service in this process, on a database, with a counter of the statements that they send.
import path from 'node:path';
import 'reflect-metadata';
import { root } from '../../scripts/lib/setup.mjs';

const library = (name) => import(path.join(root, `dist/libs/${name}/src/index.js`));

/**
 * @returns what acts `as(person, work, memo)`, the services that are measured, and `statements.count`
 */
export async function openLibraries(databaseUrl, dataDir) {
  const [platform, access, audit, registry, lineage] = await Promise.all(
    ['platform', 'access', 'audit', 'registry', 'lineage'].map(library),
  );
  const { NestFactory } = await import('@nestjs/core');
  const config = platform.loadConfig({ DATABASE_URL: databaseUrl, DATA_DIR: dataDir });
  class BenchModule {}
  const imports = [platform.PlatformModule.forRoot('bench', config), access.AccessModule, audit.AuditModule];
  const app = await NestFactory.createApplicationContext(
    { module: BenchModule, imports: [...imports, registry.RegistryModule, lineage.LineageModule] },
    { logger: false },
  );
  const as = (caller, work, memo = {}) =>
    platform.runInContext({ requestId: 'bench', address: null, caller, memo }, work);
  return {
    as,
    close: () => app.close(),
    statements: countStatements(app.get(platform.TransactionalPool)),
    access: app.get(access.Access),
    authenticator: app.get(access.Authenticator),
    hashToken: access.hashToken,
    lineage: app.get(lineage.Lineage),
    explanations: app.get(access.Explanations),
    models: app.get(registry.RegisteredModels),
  };
}

function countStatements(pool) {
  const counter = { count: 0 };
  const query = pool.query.bind(pool);
  pool.query = (...args) => {
    counter.count++;
    return query(...args);
  };
  return counter;
}
