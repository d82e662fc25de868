/** What can be owned and granted on, in the words of the API. */
export type SecurableKind = 'METASTORE' | 'CATALOG' | 'SCHEMA' | 'REGISTERED_MODEL' | 'EXPERIMENT';

/** The metastore has no name of its own: this is what the API calls it. */
export const metastoreName = 'metastore';

const belowCatalog = [
  'CREATE_MODEL_VERSION',
  'EXECUTE',
  'APPLY_TAG',
  'SET_ALIAS',
  'REQUEST_PROMOTION',
  'APPROVE_PROMOTION',
  'REPORT_GATE',
  'WAIVE_GATE',
] as const;
const governed = ['BREAK_GLASS', 'MANAGE_POLICY', 'READ_AUDIT'] as const;
const everywhere = ['MANAGE', 'ALL_PRIVILEGES'] as const;

/** Where which privilege has a meaning (docs/domain.md, section 3). The server decides; an editor completes by this. */
export const grantablePrivileges = {
  METASTORE: ['CREATE_CATALOG', 'CREATE_EXPERIMENT', ...governed, ...everywhere],
  CATALOG: [
    'USE_CATALOG',
    'USE_SCHEMA',
    'BROWSE',
    'CREATE_SCHEMA',
    'CREATE_MODEL',
    ...belowCatalog,
    ...governed,
    ...everywhere,
  ],
  SCHEMA: ['USE_SCHEMA', 'CREATE_MODEL', ...belowCatalog, ...governed, ...everywhere],
  REGISTERED_MODEL: [...belowCatalog, ...governed, ...everywhere],
  EXPERIMENT: ['READ', 'EDIT', ...everywhere],
} as const satisfies Record<SecurableKind, readonly string[]>;

export type Privilege = (typeof grantablePrivileges)[SecurableKind][number];

export const privileges: readonly Privilege[] = [...new Set(Object.values(grantablePrivileges).flat())];

const nouns: Record<SecurableKind, string> = {
  METASTORE: 'metastore',
  CATALOG: 'catalog',
  SCHEMA: 'schema',
  REGISTERED_MODEL: 'model',
  EXPERIMENT: 'experiment',
};

export interface SecurableRef {
  kind: SecurableKind;
  fullName: string;
}

/** `catalog prod`, `model prod.fraud.scorer`, `metastore`. */
export const nameOf = ({ kind, fullName }: SecurableRef): string =>
  kind === 'METASTORE' ? nouns.METASTORE : `${nouns[kind]} ${fullName}`;

/** Names are the same when they differ in case or in the form of their accents only. */
export const nameKey = (name: string): string => name.normalize('NFC').toLowerCase();

export const refKey = ({ kind, fullName }: SecurableRef): string => `${kind} ${nameKey(fullName)}`;
