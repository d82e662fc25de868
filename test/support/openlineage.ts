import { readFileSync } from 'node:fs';
import path from 'node:path';
import { lineagePaths } from '../../apps/api/src/http/surface.js';
import type { Answer, TestApp } from './app.js';
import type { TestPrincipal } from './factories.js';

const producer = 'https://example.com/producer';

export type WireEvent = Record<string, unknown>;

/** An event of a run, as a client sends it; `changes` stand in place of its parts. */
export function runEvent(namespace: string, name: string, changes: WireEvent = {}): WireEvent {
  return {
    eventType: 'COMPLETE',
    eventTime: '2026-01-02T03:04:05.678Z',
    producer,
    schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent',
    run: { runId: '019c0000-0000-7000-8000-000000000001' },
    job: { namespace, name },
    inputs: [],
    outputs: [],
    ...changes,
  };
}

/** `s3://bucket/a/b` as OpenLineage names it, with columns when they are given. */
export function data(uri: string, columns?: readonly string[]) {
  const [, namespace, name] = /^([^:]+:\/\/[^/]+)\/(.+)$/.exec(uri) as unknown as [string, string, string];
  const fields = columns?.map((column) => ({ name: column, type: 'string' }));
  const schema = {
    _producer: producer,
    _schemaURL: 'https://openlineage.io/spec/facets/1-1-1/SchemaDatasetFacet.json',
  };
  return { namespace, name, ...(fields && { facets: { schema: { ...schema, fields } } }) };
}

export const fixture = (name: string): WireEvent =>
  JSON.parse(readFileSync(path.join(__dirname, '../fixtures/openlineage', name), 'utf8'));

/** Sends an event to our door. */
export const sent = (t: TestApp, { token }: TestPrincipal, event: unknown): Promise<Answer> =>
  t.call('POST', lineagePaths.event, { token, body: event });
