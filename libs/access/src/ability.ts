import { AbilityBuilder, createMongoAbility, type MongoAbility } from '@casl/ability';
import type { AccessSnapshot } from './access-snapshot.js';
import { type Privilege, privileges, ruleOf } from './privilege.js';
import type { SecurableKind, SecurablePath } from './securable.js';

/** DISCOVER is no privilege: to hold any privilege that has a meaning on the object, which is what makes it visible. */
export type Action = Privilege | 'DISCOVER';
export type AccessAbility = MongoAbility<[Action, SecurableKind | SecurablePath]>;

/** What an ability is built from: a whole snapshot, or what an explanation read of the path of one object. */
export type Rights = Omit<AccessSnapshot, 'version' | 'validFor'>;

type Field = 'id' | 'catalogId' | 'schemaId' | 'ownerId';

/** The kinds that a grant on a kind covers, and the field of their path that names the object granted on. */
const coverage: Record<SecurableKind, { field: Field; kinds: readonly SecurableKind[] }> = {
  METASTORE: { field: 'id', kinds: ['METASTORE'] },
  CATALOG: { field: 'catalogId', kinds: ['CATALOG', 'SCHEMA', 'REGISTERED_MODEL'] },
  SCHEMA: { field: 'schemaId', kinds: ['SCHEMA', 'REGISTERED_MODEL'] },
  REGISTERED_MODEL: { field: 'id', kinds: ['REGISTERED_MODEL'] },
  EXPERIMENT: { field: 'id', kinds: ['EXPERIMENT'] },
};

const allKinds = Object.keys(coverage) as SecurableKind[];

/** The source of a rule that comes with owning an object of a kind: the one asked about, or a container of it. */
export const owning = (kind: SecurableKind): string => `owner of ${kind}`;

/**
 * The rules of one principal, in CASL (domain.md, section 3). Allow-only: there are no inverted rules, so that an
 * ability without a matching rule refuses, here and in SQL. A condition is always `field $in ids`. A rule's `reason` names
 * its source: what the snapshot calls a grant, or what is owned.
 */
export function buildAbility(snapshot: Rights): AccessAbility {
  const { can, build } = new AbilityBuilder<AccessAbility>(createMongoAbility);
  const allow: Allow = (source, action, kind, field, ids) => {
    if (ids.length > 0) can(action, kind, { [field]: { $in: ids } } as never).because(source);
  };

  for (const { privilege, kind, ids, source = '' } of snapshot.grants) {
    if (kind === 'METASTORE' && ruleOf(privilege).inheritsFromMetastore) {
      can(privilege, [...allKinds]).because(source);
      can('DISCOVER', [...ruleOf(privilege).on]).because(source);
    }
    const { field, kinds } = coverage[kind];
    for (const covered of kinds) {
      allow(source, privilege, covered, field, ids);
      if (ruleOf(privilege).on.includes(covered)) allow(source, 'DISCOVER', covered, field, ids);
    }
  }

  allowOwners(snapshot, allow);
  // The metastore's owner owns the container of everything: MANAGE on what is in it.
  if (snapshot.ownsMetastore) can(['MANAGE', 'DISCOVER'], [...allKinds]).because(owning('METASTORE'));
  if (snapshot.ownsMetastore) can('ALL_PRIVILEGES', 'METASTORE').because(owning('METASTORE'));

  return build({ detectSubjectType: (object) => (object as SecurablePath).kind });
}

type Allow = (source: string, action: Action, kind: SecurableKind, field: Field, ids: string[]) => void;

/** Owning an object: its data privileges and MANAGE. Owning a container: MANAGE on what is in it, and no data rights there. */
function allowOwners({ principalIds, ownedCatalogIds, ownedSchemaIds }: Rights, allow: Allow): void {
  const own = (kind: SecurableKind, field: Field, ids: string[]) => {
    for (const action of ['ALL_PRIVILEGES', 'MANAGE', 'DISCOVER'] as const)
      allow(owning(kind), action, kind, field, ids);
  };
  const containerOwner = (container: SecurableKind, kind: SecurableKind, field: Field, ids: string[]) => {
    for (const action of ['MANAGE', 'DISCOVER'] as const) allow(owning(container), action, kind, field, ids);
  };
  own('CATALOG', 'id', ownedCatalogIds);
  own('SCHEMA', 'id', ownedSchemaIds);
  own('REGISTERED_MODEL', 'ownerId', principalIds);
  own('EXPERIMENT', 'ownerId', principalIds);
  // The usage gates stay: the owner of a container grants them to himself, on the record, before he manages below.
  containerOwner('CATALOG', 'SCHEMA', 'catalogId', ownedCatalogIds);
  containerOwner('CATALOG', 'REGISTERED_MODEL', 'catalogId', ownedCatalogIds);
  containerOwner('SCHEMA', 'REGISTERED_MODEL', 'schemaId', ownedSchemaIds);
}

/** Every privilege that has a meaning on a kind: what viewerCan lists. */
export const privilegesOn = (kind: SecurableKind): Privilege[] =>
  privileges.filter((privilege) => ruleOf(privilege).on.includes(kind) && privilege !== 'ALL_PRIVILEGES');
