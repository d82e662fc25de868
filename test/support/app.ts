import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Database, loadConfig } from '@app/platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from '../../apps/api/src/create-app.js';
import { createTestDatabase } from './database.js';
import { Factories } from './factories.js';

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what the server sent, of any shape.
  body: any;
}

export interface TestApp {
  url: string;
  app: NestFastifyApplication;
  db: Database;
  make: Factories;
  /** The settings of this app, for processes that are started beside it. */
  env: Record<string, string>;
  /** One request over real HTTP; a body that is no string is sent as JSON. */
  call(
    method: string,
    path: string,
    options?: { token?: string; body?: unknown; headers?: Record<string, string> },
  ): Promise<Answer>;
  close(): Promise<void>;
}

/** All callers of a test come from one address, and many of them fail on purpose. */
const patient = { AUTH_FAILURES_PER_ADDRESS: '1000000', AUTH_FAILURES_PER_PRINCIPAL: '1000000' };

/** The whole API in this process, on a real database of its own, listening on a free port. */
export async function createTestApp(settings: Record<string, string> = {}): Promise<TestApp> {
  const database = await createTestDatabase();
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'imprimatur-test-'));
  const env = { DATABASE_URL: database.url, DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'fatal', ...patient, ...settings };
  const app = await createApp(loadConfig(env));
  await app.listen(0, '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  const db = app.get(Database);
  return {
    url,
    app,
    db,
    env,
    make: new Factories(db),
    call: async (method, route, { token, body, headers = {} } = {}) => {
      const json = body !== undefined && typeof body !== 'string';
      const response = await fetch(url + route, {
        method,
        headers: {
          ...(token && { authorization: `Bearer ${token}` }),
          ...(json && { 'content-type': 'application/json' }),
          ...headers,
        },
        body: json ? JSON.stringify(body) : (body as string | undefined),
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.includes('json');
      return { status: response.status, headers: response.headers, body: isJson && text ? JSON.parse(text) : text };
    },
    close: async () => {
      await app.close();
      await database.drop();
      fs.rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
