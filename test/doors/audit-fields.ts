import type { Field } from './graphql-fields.js';

const errors = 'errors { __typename code message }';

/** The rows of the audit log, its retention, and what is told of the past. */
export const auditQueries: Record<string, Field> = {
  auditEvents: ['EMPTY', () => 'auditEvents(first: 5) { nodes { id } totalCount }'],
  auditAnchors: ['DENIED', () => 'auditAnchors { place }'],
  auditCheckpoint: ['DENIED', () => 'auditCheckpoint { treeSize }'],
  auditConsistencyProof: ['DENIED', () => 'auditConsistencyProof(from: 1) { hashes }'],
  auditRetention: ['DENIED', () => 'auditRetention { days }'],
  auditVerification: ['DENIED', () => 'auditVerification { valid }'],
  governanceReport: [
    'HIDDEN',
    (n) =>
      `governanceReport(from: "2026-01-01T00:00:00Z", to: "2027-01-01T00:00:00Z", within: "${n.model}") { audit { events } }`,
  ],
  changesBetween: [
    'HIDDEN',
    (n) =>
      `changesBetween(fullName: "${n.model}", from: "2020-01-01T00:00:00Z", to: "2020-01-02T00:00:00Z", first: 5) { totalCount }`,
  ],
  legalHolds: ['DENIED', () => 'legalHolds(first: 5) { nodes { name } totalCount }'],
  securableState: ['HIDDEN', (n) => `securableState(fullName: "${n.model}", at: "2020-01-01T00:00:00Z") { ownerName }`],
};

export const auditMutations: Record<string, Field> = {
  auditRetentionSet: [
    'DENIED',
    () => `auditRetentionSet(input: { eventClass: REFUSALS, days: 30, reason: "x" }) { ${errors} }`,
  ],
  legalHoldPlace: [
    'DENIED',
    (n) =>
      `legalHoldPlace(input: { name: "x", reason: "x", on: { kind: CATALOG, fullName: "${n.catalog}" } }) { ${errors} }`,
  ],
  legalHoldRelease: ['DENIED', () => `legalHoldRelease(input: { name: "x", reason: "x" }) { ${errors} }`],
};
