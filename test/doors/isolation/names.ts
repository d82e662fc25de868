import { randomBytes, randomUUID } from 'node:crypto';
import { type NodeType, nodeTypes } from '../../../apps/api/src/graphql/schema/node.js';

/** In every name, description, tag, parameter and value of the hidden world, and nowhere else. */
export const marker = `zq${randomBytes(5).toString('hex')}`;

/** What the hidden world is called, also where it is not there. */
export const hiddenNames = {
  catalog: `c-${marker}`,
  schema: `c-${marker}.s-${marker}`,
  model: `c-${marker}.s-${marker}.m-${marker}`,
  experiment: `e-${marker}`,
  alias: `a-${marker}`,
  key: `k-${marker}`,
  value: `v-${marker}`,
} as const;

/** People and groups, whom every caller may know: they are called the same, and are there, in both worlds. */
export const people = { owner: 'owner', lead: 'lead', group: 'leads' } as const;

/** What the service itself named when it was made. */
export interface MadeIds {
  experimentId: string;
  runId: string;
  loggedModelId: string;
  request: number;
  ids: Record<NodeType, string>;
}

/** Ids of the same form, of nothing. */
export const idsOfNothing = (): MadeIds => ({
  experimentId: '990099',
  runId: randomBytes(16).toString('hex'),
  loggedModelId: `m-${randomBytes(16).toString('hex')}`,
  request: 770077,
  ids: Object.fromEntries(nodeTypes.map((type) => [type, randomUUID()])) as Record<NodeType, string>,
});

export const globalId = (type: string, key: string): string => Buffer.from(`${type}:${key}`).toString('base64url');

const opaque = /[A-Za-z0-9_-]{48,}/g;
const decoded = (text: string): string => Buffer.from(text, 'base64url').toString('utf8');

/**
 * An answer without what must differ between two installations: ids, instants, secrets. What two answers still differ in
 * is a difference that a caller can see.
 */
export function withoutIds(answer: string, { experimentId, runId, loggedModelId, request }: MadeIds): string {
  const text = answer
    .replaceAll(opaque, (text) => decoded(text).replace(/^(\w+):[0-9a-f-]{36}$/, '<$1>'))
    .replaceAll(/imp_[\w-]+/g, '<token>')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, '<uuid>')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replaceAll(/"experiment_id":"\d+"/g, '"experiment_id":<id>')
    .replaceAll(/mlflow-artifacts:\/\d+/g, 'mlflow-artifacts:/<id>')
    .replaceAll(/"(\w*_time|\w*timestamp\w*)":"?\d{12,}"?/g, '"$1":<time>');
  return [loggedModelId, runId, experimentId, String(request)].reduce((rest, id) => rest.replaceAll(id, '<id>'), text);
}
