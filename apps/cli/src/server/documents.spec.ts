import { readFileSync } from 'node:fs';
import { buildSchema, parse, validate } from 'graphql';
import { privileges } from '../access-file/securable-kind.js';
import * as documents from './documents.js';

const schema = buildSchema(readFileSync('schema.graphql', 'utf8'));
const kinds = ['METASTORE', 'CATALOG', 'SCHEMA', 'REGISTERED_MODEL', 'EXPERIMENT'] as const;

/** With the arguments that its maker takes; a new one without a row here fails the test. */
const made: Record<string, string[]> = {
  securableDocument: kinds.map(documents.securableDocument),
  policiesDocument: kinds.filter((kind) => kind !== 'EXPERIMENT').map(documents.policiesDocument),
  grantsDocument: kinds.flatMap((kind) => [
    documents.grantsDocument(kind, 'grants'),
    documents.grantsDocument(kind, 'inheritedGrants'),
  ]),
  principalsDocument: [1, documents.principalsAtOnce].map(documents.principalsDocument),
};

const all = Object.entries(documents).flatMap(([name, exported]): [string, string][] => {
  if (typeof exported === 'number') return [];
  const texts = typeof exported === 'string' ? [exported] : (made[name] ?? [`no row for ${name}`]);
  return texts.map((text, index) => [`${name} ${index}`, text]);
});

describe('the documents that the tool sends', () => {
  it.each(all)('%s fits schema.graphql', (_name, text) => {
    expect(validate(schema, parse(text)).map(({ message }) => message)).toEqual([]);
  });

  it('speak of every privilege that the server has', () => {
    const privilege = schema.getType('Privilege') as unknown as { getValues(): { name: string }[] };
    expect(new Set(privileges)).toEqual(new Set(privilege.getValues().map(({ name }) => name)));
  });
});
