import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { AccessModule } from '@app/access';
import { AuditModule } from '@app/audit';
import { type Caller, Database, loadConfig, PlatformModule, runInContext } from '@app/platform';
import type { DynamicModule, Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { createTestDatabase } from './database.js';

export interface TestModule {
  module: TestingModule;
  db: Database;
  /** The settings of this module's database and folder, for processes that are started beside it. */
  env: Record<string, string>;
  /** Runs `work` as a request of this caller. */
  as<T>(caller: Caller, work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** The real services on a real database of their own, without a door: for integration tests of libraries. */
export async function createTestModule(
  imports: (Type | DynamicModule)[],
  settings: Record<string, string> = {},
): Promise<TestModule> {
  const database = await createTestDatabase();
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'imprimatur-test-'));
  const env = { DATABASE_URL: database.url, DATA_DIR: dataDir, LOG_LEVEL: 'error', ...settings };
  const module = await Test.createTestingModule({
    imports: [PlatformModule.forRoot('test', loadConfig(env)), AccessModule, AuditModule, ...imports],
  }).compile();
  await module.init();
  return {
    module,
    db: module.get(Database),
    env,
    as: (caller, work) => runInContext({ requestId: 'test', address: '127.0.0.1', caller, memo: {} }, work),
    close: async () => {
      await module.close();
      await database.drop();
      fs.rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
