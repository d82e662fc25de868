import { InvalidArgument } from '@app/platform';

export const securableKinds = ['METASTORE', 'CATALOG', 'SCHEMA', 'REGISTERED_MODEL', 'EXPERIMENT'] as const;
export type SecurableKind = (typeof securableKinds)[number];

/** Where an object stands: all that a decision needs to know of it. */
export interface SecurablePath {
  id: string;
  kind: SecurableKind;
  /** The catalog it is in; of a catalog, itself. */
  catalogId: string | null;
  /** The schema it is in; of a schema, itself. */
  schemaId: string | null;
  ownerId: string;
}

/** Something that can be owned and granted on. */
export interface Securable extends SecurablePath {
  parentId: string | null;
  name: string;
  fullName: string;
  description: string | null;
  createdAt: Date;
  createdBy: string | null;
  updatedAt: Date;
  updatedBy: string | null;
  /** Another number after every change of the grants on it: an editor says which one he has seen. */
  grantsRevision: number;
}

export const METASTORE_ID = '00000000-0000-7000-8000-000000000010';
/** Its full name. */
export const METASTORE_NAME = 'metastore';

/** What a kind is called in messages. */
export const nounOf: Record<SecurableKind, string> = {
  METASTORE: 'Metastore',
  CATALOG: 'Catalog',
  SCHEMA: 'Schema',
  REGISTERED_MODEL: 'Registered model',
  EXPERIMENT: 'Experiment',
};

const segmentRule = 'a name has 1 to 255 characters, none of . / : @, no control character, no space at either end';

/**
 * One part of a full name, in NFC (domain.md, section 1).
 * @throws InvalidArgument naming the field and the rule
 */
export function nameSegment(segment: string, field = 'name'): string {
  const name = segment.normalize('NFC');
  if (name.length < 1 || name.length > 255 || /[./:@\p{Cc}\p{Cs}]/u.test(name) || name.trim() !== name) {
    throw new InvalidArgument(`${field}: "${segment}" is not a valid name: ${segmentRule}`, [field]);
  }
  return name;
}

const partsOf = { CATALOG: 1, SCHEMA: 2, REGISTERED_MODEL: 3 } as const;
const shapeOf = { CATALOG: 'catalog', SCHEMA: 'catalog.schema', REGISTERED_MODEL: 'catalog.schema.model' } as const;

/**
 * The segments of a dotted full name of the given kind, checked.
 * @throws InvalidArgument when the number of parts or one of them is wrong
 */
export function parseFullName(kind: keyof typeof partsOf, fullName: string, field = 'fullName'): string[] {
  const parts = fullName.split('.');
  if (parts.length !== partsOf[kind]) {
    throw new InvalidArgument(`${field}: "${fullName}" is not a full name of the form ${shapeOf[kind]}`, [field]);
  }
  return parts.map((part) => nameSegment(part, field));
}

/**
 * What uniqueness and look-up compare: NFC, without case, each part for itself: a few letters (Σ) become another small
 * letter at the end of a word, and a part of a name ends there too. Experiments are compared as written, as MLflow does.
 */
export const fullNameKey = (kind: SecurableKind, fullName: string): string =>
  kind === 'EXPERIMENT'
    ? fullName
    : fullName
        .normalize('NFC')
        .split('.')
        .map((part) => part.toLowerCase())
        .join('.');

const kindsByParts: readonly SecurableKind[] = ['CATALOG', 'SCHEMA', 'REGISTERED_MODEL'];

/**
 * The kind that a full name has by its number of parts. The metastore and experiments are named with their kind.
 * @throws InvalidArgument for more than three parts
 */
export function kindOfFullName(fullName: string, field = 'fullName'): SecurableKind {
  const kind = kindsByParts[fullName.split('.').length - 1];
  if (kind) return kind;
  throw new InvalidArgument(
    `${field}: "${fullName}" has more than three parts; of an experiment, say kind: EXPERIMENT too`,
    [field],
  );
}
