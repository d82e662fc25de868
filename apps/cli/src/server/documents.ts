import type { SecurableKind } from '../access-file/securable-kind.js';

// Every document that this tool sends. A test validates each of them against schema.graphql.

const page = 'pageInfo { hasNextPage endCursor }';
const errors = 'errors { __typename code message path }';

/** How a securable is found by its kind, and the variable that it takes. */
const roots: Record<SecurableKind, { variable: string; field: string }> = {
  METASTORE: { variable: '', field: 'metastore' },
  CATALOG: { variable: '$fullName: String!, ', field: 'catalog(name: $fullName)' },
  SCHEMA: { variable: '$fullName: String!, ', field: 'schema(fullName: $fullName)' },
  REGISTERED_MODEL: { variable: '$fullName: String!, ', field: 'model(fullName: $fullName)' },
  EXPERIMENT: { variable: '$fullName: String!, ', field: 'experiment(name: $fullName)' },
};

const onSecurable = (kind: SecurableKind, selection: string) =>
  `query Securable(${roots[kind].variable}$after: String) { securable: ${roots[kind].field} { ${selection} } }`;

/** What an apply must know of a securable; one page of its grants. */
export const securableDocument = (kind: SecurableKind): string =>
  onSecurable(
    kind,
    `fullName grantsRevision viewerCan owner { name }
    grants(first: 100, after: $after) { nodes { privilege expiresAt principal { name } } ${page} }`,
  );

const rules = `rules {
  protects { stages aliases }
  gates {
    key type required timeoutSeconds attempts
    metricThreshold { metric min max dataset }
    artifactIntegrity { maxBytes requiredPaths forbiddenPaths }
  }
  approvals { name count approvers { name } }
  separationOfDuties { requester versionCreator runUser }
  waitSeconds expiresAfterSeconds archiveIncumbent dismissStaleDecisions dryRun
}`;

/** One page of the policies on a securable; experiments have none. */
export const policiesDocument = (kind: Exclude<SecurableKind, 'EXPERIMENT'>): string =>
  onSecurable(kind, `policies(first: 50, after: $after) { nodes { id name revision retiredAt ${rules} } ${page} }`);

const grantFields =
  'nodes { privilege expiresAt grantedAt principal { name kind } grantedBy { name } securable { kind fullName } }';

/** One page of the grants on a securable itself, or of those that reach it from above. */
export const grantsDocument = (kind: SecurableKind, list: 'grants' | 'inheritedGrants'): string =>
  onSecurable(kind, `fullName viewerCan grants: ${list}(first: 100, after: $after) { ${grantFields} ${page} }`);

export const viewerDocument = 'query Viewer { viewer { name kind displayName } }';

export const ownTokensDocument = `query OwnTokens($after: String) {
  accessTokens(first: 100, after: $after) {
    nodes { name prefix expiresAt revokedAt readOnly oneCatalog catalog { fullName } } ${page}
  }
}`;

const place = '{ kind fullName }';

export const explainDocument = `query Explain($principal: String!, $privilege: Privilege!, $fullName: String!, $kind: SecurableKind) {
  explanation: explainAccess(principal: $principal, privilege: $privilege, fullName: $fullName, kind: $kind) {
    allowed privilege kind fullName principal { name kind } isPartial obstacle
    conditions {
      privilege met securable ${place}
      paths {
        inheritedFrom ${place}
        steps { kind description securable ${place} group { name } grant { id grantedAt expiresAt grantedBy { name } } }
      }
    }
    missing { privilege kind fullName }
  }
}`;

export const whoCanDocument = `query WhoCan($privilege: Privilege!, $fullName: String!, $kind: SecurableKind, $after: String) {
  holders: whoCan(privilege: $privilege, fullName: $fullName, kind: $kind, first: 100, after: $after) {
    nodes { name kind displayName } ${page}
  }
}`;

export const principalGrantsDocument = `query PrincipalGrants($name: String!, $after: String) {
  principal(name: $name) { name kind grants(first: 100, after: $after) { ${grantFields} ${page} } }
}`;

export const groupDocument = `query Group($name: String!, $after: String) {
  group: principal(name: $name) { name externalIdentities { issuer } members(first: 100, after: $after) { nodes { name } ${page} } }
}`;

export const administrationDocument = 'query Administration { metastore { viewerCan } }';

/** The server takes up to 30 aliases in one document. */
export const principalsAtOnce = 25;

/** Several principals by their names, `p0`, `p1`, …; the variables are `n0`, `n1`, … */
export function principalsDocument(count: number): string {
  const indexes = Array.from({ length: count }, (_, index) => index);
  const variables = indexes.map((index) => `$n${index}: String!`).join(', ');
  return `query Principals(${variables}) { ${indexes.map((index) => `p${index}: principal(name: $n${index}) { name kind }`).join(' ')} }`;
}

const difference = '{ principal { name kind } privilege kind fullName }';

export const whatIfDocument = `query WhatIf($changes: AccessChangesInput!) {
  impact: whatIf(changes: $changes) { gained ${difference} gainedCount lost ${difference} lostCount truncatedBy }
}`;

export const groupCreateDocument = `mutation GroupCreate($input: PrincipalCreateInput!) { groupCreate(input: $input) { ${errors} } }`;

export const memberAddDocument = `mutation MemberAdd($input: GroupMemberInput!) { groupMemberAdd(input: $input) { ${errors} } }`;

export const memberRemoveDocument = `mutation MemberRemove($input: GroupMemberInput!) { groupMemberRemove(input: $input) { ${errors} } }`;

export const grantsUpdateDocument = `mutation GrantsUpdate($input: GrantsUpdateInput!) {
  grantsUpdate(input: $input) { securable { grantsRevision } ${errors} }
}`;

export const ownerDocument = `mutation Owner($input: SecurableUpdateInput!) { securableUpdate(input: $input) { ${errors} } }`;

export const policyCreateDocument = `mutation PolicyCreate($input: PolicyCreateInput!) { policyCreate(input: $input) { ${errors} } }`;

export const policyReviseDocument = `mutation PolicyRevise($input: PolicyReviseInput!) { policyRevise(input: $input) { ${errors} } }`;

export const policyRetireDocument = `mutation PolicyRetire($input: PolicyRetireInput!) { policyRetire(input: $input) { ${errors} } }`;
