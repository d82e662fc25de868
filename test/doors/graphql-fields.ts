import { randomUUID } from 'node:crypto';
import { auditMutations, auditQueries } from './audit-fields.js';
import { promotionMutations, promotionQueries } from './promotion-fields.js';
import { webhookMutations } from './webhook-fields.js';

/** What the documents below name: once what is there and hidden, once what does not exist. */
export interface Names {
  catalog: string;
  schema: string;
  model: string;
  request: number;
  policyId: string;
  grantId: string;
  tokenId: string;
  modelId: string;
  threadId: string;
  waiverId: string;
  gateRunId: string;
  validator: string;
  webhookId: string;
  deliveryId: string;
  experiment: string;
  runId: string;
  job: string;
}

/** What somebody without any right gets from a field of Query or Mutation. */
export type Outcome =
  /** The same answer as for what does not exist. */
  | 'HIDDEN'
  /** A list without elements. */
  | 'EMPTY'
  /** The object is known to all; the operation is refused. */
  | 'DENIED'
  /** Everybody may: it shows nothing but oneself, or what every caller may know. */
  | 'OPEN';

const id = (type: string, key: string = randomUUID()) => Buffer.from(`${type}:${key}`).toString('base64url');

export const absent: Names = {
  catalog: 'nowhere',
  schema: 'nowhere.nothing',
  model: 'nowhere.nothing.none',
  request: 999_999,
  policyId: id('Policy'),
  grantId: id('Grant'),
  tokenId: id('AccessToken'),
  modelId: id('RegisteredModel'),
  threadId: id('DiscussionThread'),
  waiverId: id('GateWaiver'),
  gateRunId: id('GateRun'),
  validator: 'nobody',
  webhookId: id('Webhook'),
  deliveryId: id('WebhookDelivery'),
  experiment: '/nowhere/nothing',
  runId: randomUUID().replaceAll('-', ''),
  job: 'nothing',
};

const absentKey = randomUUID();
/** A run's id as the ids of this API carry it. */
const dashed = (runId: string) => runId.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
const errors = 'errors { __typename code message }';
const rules = '{ protects: { aliases: ["x"] } }';
const version = (n: Names) => `model: "${n.model}", number: 1`;

export type Field = [outcome: Outcome, document: (n: Names) => string];

/** One row for every field of Query. A field without a row fails the test. */
export const queries: Record<string, Field> = {
  ...auditQueries,
  ...promotionQueries,
  accessTokens: ['OPEN', () => 'accessTokens(first: 5) { nodes { name } totalCount }'],
  catalog: ['HIDDEN', (n) => `catalog(name: "${n.catalog}") { id }`],
  catalogs: ['EMPTY', () => 'catalogs(first: 5) { nodes { id } totalCount }'],
  effectivePrivileges: [
    'HIDDEN',
    (n) => `effectivePrivileges(principal: "everyone", fullName: "${n.model}") { privilege }`,
  ],
  explainAccess: [
    'HIDDEN',
    (n) => `explainAccess(principal: "owner", privilege: EXECUTE, fullName: "${n.model}") { allowed }`,
  ],
  experiment: ['HIDDEN', (n) => `experiment(name: "${n.experiment}") { id }`],
  experiments: ['EMPTY', () => 'experiments(first: 5) { nodes { id } totalCount }'],
  job: ['HIDDEN', (n) => `job(namespace: "${n.experiment}", name: "${n.job}") { id }`],
  metastore: ['OPEN', () => 'metastore { id viewerCan grants(first: 5) { nodes { principal { name } } } }'],
  model: ['HIDDEN', (n) => `model(fullName: "${n.model}") { id }`],
  modelVersion: ['HIDDEN', (n) => `modelVersion(fullName: "${n.model}", number: 1) { id }`],
  modelVersionCompare: [
    'HIDDEN',
    (n) => `modelVersionCompare(base: { ${version(n)} }, head: { ${version(n)} }) { sameCommit }`,
  ],
  models: ['EMPTY', () => 'models(first: 5) { nodes { id } totalCount }'],
  node: ['HIDDEN', (n) => `node(id: "${n.modelId}") { id }`],
  notifications: ['OPEN', () => 'notifications(first: 5) { nodes { detail } totalCount }'],
  nodes: ['HIDDEN', (n) => `nodes(ids: ["${n.modelId}", "${n.policyId}"]) { id }`],
  principal: ['OPEN', () => 'principal(name: "everyone") { name }'],
  principals: ['OPEN', () => 'principals(first: 1) { nodes { name } }'],
  promotionRequest: ['HIDDEN', (n) => `promotionRequest(number: ${n.request}) { id }`],
  promotionRequests: ['EMPTY', () => 'promotionRequests(first: 5) { nodes { id } totalCount }'],
  lineagePaths: [
    'HIDDEN',
    (n) => `lineagePaths(from: "${id('Run', dashed(n.runId))}", to: "${id('Dataset', absentKey)}") { isPartial }`,
  ],
  run: ['HIDDEN', (n) => `run(runId: "${n.runId}") { id }`],
  schema: ['HIDDEN', (n) => `schema(fullName: "${n.schema}") { id }`],
  whatIf: [
    'HIDDEN',
    (n) =>
      `whatIf(changes: { removeGrants: [{ principal: "everyone", privilege: EXECUTE, securable: { kind: REGISTERED_MODEL, fullName: "${n.model}" } }] }) { lostCount }`,
  ],
  whoCan: ['HIDDEN', (n) => `whoCan(privilege: EXECUTE, fullName: "${n.model}", first: 5) { totalCount }`],
  viewer: ['OPEN', () => 'viewer { name grants(first: 5) { nodes { id } } }'],
};

const securable = (n: Names) => `securable: { kind: REGISTERED_MODEL, fullName: "${n.model}" }`;

/** One row for every field of Mutation. */
export const mutations: Record<string, Field> = {
  ...auditMutations,
  ...promotionMutations,
  ...webhookMutations,
  accessTokenCreate: ['OPEN', () => `accessTokenCreate(input: { name: "mine" }) { accessToken { name } ${errors} }`],
  accessTokenRevoke: ['HIDDEN', (n) => `accessTokenRevoke(input: { accessTokenId: "${n.tokenId}" }) { ${errors} }`],
  catalogCreate: ['DENIED', () => `catalogCreate(input: { name: "mine" }) { ${errors} }`],
  catalogDelete: ['HIDDEN', (n) => `catalogDelete(input: { name: "${n.catalog}" }) { ${errors} }`],
  externalIdentityLink: [
    'DENIED',
    () =>
      `externalIdentityLink(input: { principal: "root", issuer: "https://issuer.example", externalId: "x" }) { ${errors} }`,
  ],
  externalIdentityUnlink: [
    'DENIED',
    () =>
      `externalIdentityUnlink(input: { principal: "root", issuer: "https://issuer.example", externalId: "x" }) { ${errors} }`,
  ],
  catalogRename: ['HIDDEN', (n) => `catalogRename(input: { name: "${n.catalog}", newName: "stolen" }) { ${errors} }`],
  grantCreate: [
    'HIDDEN',
    (n) => `grantCreate(input: { ${securable(n)}, principal: "everyone", privilege: EXECUTE }) { ${errors} }`,
  ],
  grantRevoke: ['HIDDEN', (n) => `grantRevoke(input: { grantId: "${n.grantId}" }) { ${errors} }`],
  grantsUpdate: [
    'HIDDEN',
    (n) =>
      `grantsUpdate(input: { ${securable(n)}, add: [{ principal: "everyone", privilege: EXECUTE }] }) { ${errors} }`,
  ],
  groupCreate: ['DENIED', () => `groupCreate(input: { name: "mine" }) { ${errors} }`],
  groupMemberAdd: [
    'DENIED',
    () => `groupMemberAdd(input: { group: "metastore-admins", member: "stranger" }) { ${errors} }`,
  ],
  groupMemberRemove: [
    'DENIED',
    () => `groupMemberRemove(input: { group: "metastore-admins", member: "root" }) { ${errors} }`,
  ],
  modelAliasDelete: [
    'HIDDEN',
    (n) => `modelAliasDelete(input: { model: "${n.model}", alias: "champion" }) { ${errors} }`,
  ],
  modelAliasSet: [
    'HIDDEN',
    (n) => `modelAliasSet(input: { model: "${n.model}", alias: "champion", number: 1 }) { ${errors} }`,
  ],
  modelCreate: ['HIDDEN', (n) => `modelCreate(input: { fullName: "${n.schema}.mine" }) { ${errors} }`],
  modelDelete: ['HIDDEN', (n) => `modelDelete(input: { fullName: "${n.model}" }) { ${errors} }`],
  modelEndpointReport: [
    'HIDDEN',
    (n) => `modelEndpointReport(input: { ${version(n)}, name: "web" }) { modelEndpoint { id } ${errors} }`,
  ],
  modelEndpointRetire: [
    'HIDDEN',
    (n) => `modelEndpointRetire(input: { model: "${n.model}", name: "web" }) { modelEndpoint { id } ${errors} }`,
  ],
  modelRename: [
    'HIDDEN',
    (n) => `modelRename(input: { fullName: "${n.model}", newFullName: "${n.schema}.stolen" }) { ${errors} }`,
  ],
  modelVersionDelete: ['HIDDEN', (n) => `modelVersionDelete(input: { ${version(n)} }) { ${errors} }`],
  modelVersionRegister: [
    'HIDDEN',
    (n) => `modelVersionRegister(input: { model: "${n.model}", source: "s3://x/y" }) { ${errors} }`,
  ],
  modelVersionStageTransition: [
    'HIDDEN',
    (n) => `modelVersionStageTransition(input: { ${version(n)}, stage: PRODUCTION }) { ${errors} }`,
  ],
  modelVersionTagDelete: ['HIDDEN', (n) => `modelVersionTagDelete(input: { ${version(n)}, key: "k" }) { ${errors} }`],
  modelVersionTagSet: [
    'HIDDEN',
    (n) => `modelVersionTagSet(input: { ${version(n)}, key: "k", value: "v" }) { ${errors} }`,
  ],
  modelVersionUpdate: ['HIDDEN', (n) => `modelVersionUpdate(input: { ${version(n)}, description: "x" }) { ${errors} }`],
  policyCreate: [
    'HIDDEN',
    (n) =>
      `policyCreate(input: { on: { kind: CATALOG, fullName: "${n.catalog}" }, name: "mine", rules: ${rules} }) { ${errors} }`,
  ],
  policyRetire: ['HIDDEN', (n) => `policyRetire(input: { policyId: "${n.policyId}", reason: "x" }) { ${errors} }`],
  policyRevise: [
    'HIDDEN',
    (n) => `policyRevise(input: { policyId: "${n.policyId}", rules: ${rules}, reason: "x" }) { ${errors} }`,
  ],
  principalDelete: ['DENIED', () => `principalDelete(input: { name: "root" }) { ${errors} }`],
  principalDisable: ['DENIED', () => `principalDisable(input: { name: "root" }) { ${errors} }`],
  principalEnable: ['DENIED', () => `principalEnable(input: { name: "root" }) { ${errors} }`],
  principalUpdate: ['DENIED', () => `principalUpdate(input: { name: "root", displayName: "x" }) { ${errors} }`],
  promotionRequestCancel: ['HIDDEN', (n) => `promotionRequestCancel(input: { number: ${n.request} }) { ${errors} }`],
  promotionRequestCreate: [
    'HIDDEN',
    (n) =>
      `promotionRequestCreate(input: { model: "${n.model}", version: 1, target: { kind: ALIAS, name: "champion" }, justification: "x" }) { ${errors} }`,
  ],
  promotionRequestDecide: [
    'HIDDEN',
    (n) =>
      `promotionRequestDecide(input: { number: ${n.request}, verdict: APPROVE, evidenceDigest: "sha256:x" }) { ${errors} }`,
  ],
  promotionRequestDecisionWithdraw: [
    'HIDDEN',
    (n) => `promotionRequestDecisionWithdraw(input: { number: ${n.request} }) { ${errors} }`,
  ],
  promotionRequestGatesRerun: [
    'HIDDEN',
    (n) => `promotionRequestGatesRerun(input: { number: ${n.request} }) { ${errors} }`,
  ],
  promotionRequestResubmit: [
    'HIDDEN',
    (n) => `promotionRequestResubmit(input: { number: ${n.request}, comment: "x" }) { ${errors} }`,
  ],
  schemaCreate: ['HIDDEN', (n) => `schemaCreate(input: { catalog: "${n.catalog}", name: "mine" }) { ${errors} }`],
  schemaDelete: ['HIDDEN', (n) => `schemaDelete(input: { fullName: "${n.schema}" }) { ${errors} }`],
  schemaRename: ['HIDDEN', (n) => `schemaRename(input: { fullName: "${n.schema}", newName: "stolen" }) { ${errors} }`],
  securableUpdate: ['HIDDEN', (n) => `securableUpdate(input: { ${securable(n)}, description: "x" }) { ${errors} }`],
  notificationPreferencesUpdate: [
    'OPEN',
    () => `notificationPreferencesUpdate(input: { muted: [COMMENT] }) { preferences { muted } ${errors} }`,
  ],
  principalEmailUpdate: [
    'DENIED',
    () => `principalEmailUpdate(input: { name: "owner", email: "x@example.com" }) { email ${errors} }`,
  ],
  servicePrincipalCreate: ['DENIED', () => `servicePrincipalCreate(input: { name: "mine" }) { ${errors} }`],
  tagDelete: ['HIDDEN', (n) => `tagDelete(input: { ${securable(n)}, key: "k" }) { ${errors} }`],
  tagSet: ['HIDDEN', (n) => `tagSet(input: { ${securable(n)}, key: "k", value: "v" }) { ${errors} }`],
  userCreate: ['DENIED', () => `userCreate(input: { name: "mine" }) { ${errors} }`],
};
