import type { SecurableKind } from './securable.js';

interface PrivilegeRule {
  /** Where it can be granted. On a container it covers all that is in it, now and later. */
  on: readonly SecurableKind[];
  /** Governance privileges come with an explicit grant only: never by ownership or ALL_PRIVILEGES. */
  governance?: true;
  /** Asked on a container for something new below it: the usage gates are those of the new object. */
  creates?: true;
  /** Granted on the metastore it covers everything; all other grants on the metastore do not inherit. */
  inheritsFromMetastore?: true;
  /** Needs neither USE_CATALOG nor USE_SCHEMA. */
  ungated?: true;
  /** Shows, and changes nothing: what a token that was narrowed to reading may still do. */
  reads?: true;
  /** Where it has a meaning too, although it can be granted further out only. */
  covers?: readonly SecurableKind[];
}

const belowCatalog = ['CATALOG', 'SCHEMA', 'REGISTERED_MODEL'] as const;
const withMetastore = ['METASTORE', ...belowCatalog] as const;
const everywhere = ['METASTORE', ...belowCatalog, 'EXPERIMENT'] as const;

const rules = {
  CREATE_CATALOG: { on: ['METASTORE'] },
  CREATE_EXPERIMENT: { on: ['METASTORE'] },
  USE_CATALOG: { on: ['CATALOG'], reads: true },
  USE_SCHEMA: { on: ['CATALOG', 'SCHEMA'], reads: true },
  BROWSE: { on: ['CATALOG'], covers: ['SCHEMA', 'REGISTERED_MODEL'], ungated: true, reads: true },
  CREATE_SCHEMA: { on: ['CATALOG'], creates: true },
  CREATE_MODEL: { on: ['CATALOG', 'SCHEMA'], creates: true },
  CREATE_MODEL_VERSION: { on: belowCatalog },
  EXECUTE: { on: belowCatalog, reads: true },
  APPLY_TAG: { on: belowCatalog },
  SET_ALIAS: { on: belowCatalog },
  REQUEST_PROMOTION: { on: belowCatalog },
  APPROVE_PROMOTION: { on: belowCatalog, governance: true },
  REPORT_GATE: { on: belowCatalog },
  WAIVE_GATE: { on: belowCatalog, governance: true },
  BREAK_GLASS: { on: withMetastore, governance: true, inheritsFromMetastore: true },
  MANAGE_POLICY: { on: withMetastore, governance: true },
  // Events are not objects below a catalog: an auditor of the metastore needs no gate of each catalog.
  READ_AUDIT: {
    on: withMetastore,
    covers: ['EXPERIMENT'],
    governance: true,
    inheritsFromMetastore: true,
    ungated: true,
    reads: true,
  },
  READ: { on: ['EXPERIMENT'], reads: true },
  EDIT: { on: ['EXPERIMENT'] },
  MANAGE: { on: everywhere, governance: true },
  ALL_PRIVILEGES: { on: everywhere },
} as const satisfies Record<string, PrivilegeRule>;

/** What can be granted (domain.md, section 3). */
export type Privilege = keyof typeof rules;

export const privileges = Object.keys(rules) as Privilege[];

export const ruleOf = (privilege: Privilege): PrivilegeRule => rules[privilege];

/** True when ALL_PRIVILEGES, or ownership of the object itself, allows it. MANAGE comes with ownership too, by a rule of its own. */
export const isDataPrivilege = (privilege: Privilege): boolean => !ruleOf(privilege).governance;

/** Does the privilege allow anything on an object of the kind? */
export const hasMeaningOn = (privilege: Privilege, kind: SecurableKind): boolean => {
  const { on, covers } = ruleOf(privilege);
  return on.includes(kind) || (covers?.includes(kind) ?? false);
};
