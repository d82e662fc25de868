import type { Field } from './graphql-fields.js';

const errors = 'errors { __typename code message }';
const rules = '{ protects: { aliases: ["x"] } }';

/** The rows of what stands around promotion requests: previews, waivers, discussions, promotions past the policy. */
export const promotionQueries: Record<string, Field> = {
  breakGlassReviews: ['EMPTY', () => 'breakGlassReviews(first: 5) { nodes { dueAt } totalCount }'],
  policyPreview: [
    'HIDDEN',
    (n) => `policyPreview(fullName: "${n.model}", target: { kind: ALIAS, name: "champion" }) { protected }`,
  ],
  policyReplay: [
    'HIDDEN',
    (n) => `policyReplay(input: { on: { kind: SCHEMA, fullName: "${n.schema}" }, rules: ${rules} }) { considered }`,
  ],
  promotionPreflight: [
    'HIDDEN',
    (n) =>
      `promotionPreflight(model: "${n.model}", version: 1, target: { kind: ALIAS, name: "champion" }) { viewerMayOpen }`,
  ],
  validator: ['HIDDEN', (n) => `validator(name: "${n.validator}") { id }`],
  validators: ['EMPTY', () => 'validators(first: 5) { nodes { id } totalCount }'],
  violations: ['EMPTY', () => 'violations(first: 5) { nodes { kind } totalCount }'],
};

export const promotionMutations: Record<string, Field> = {
  breakGlassReviewClose: [
    'HIDDEN',
    (n) => `breakGlassReviewClose(input: { number: ${n.request}, outcome: JUSTIFIED, comment: "x" }) { ${errors} }`,
  ],
  discussionCommentMake: [
    'HIDDEN',
    (n) => `discussionCommentMake(input: { threadId: "${n.threadId}", text: "x" }) { ${errors} }`,
  ],
  discussionThreadOpen: [
    'HIDDEN',
    (n) => `discussionThreadOpen(input: { number: ${n.request}, text: "x" }) { ${errors} }`,
  ],
  discussionThreadReopen: [
    'HIDDEN',
    (n) => `discussionThreadReopen(input: { threadId: "${n.threadId}" }) { ${errors} }`,
  ],
  discussionThreadResolve: [
    'HIDDEN',
    (n) => `discussionThreadResolve(input: { threadId: "${n.threadId}" }) { ${errors} }`,
  ],
  gateRunReport: [
    'HIDDEN',
    (n) => `gateRunReport(input: { gateRunId: "${n.gateRunId}", status: PASSED, summary: "x" }) { ${errors} }`,
  ],
  gateWaiverConfirm: ['HIDDEN', (n) => `gateWaiverConfirm(input: { waiverId: "${n.waiverId}" }) { ${errors} }`],
  gateWaiverDecline: [
    'HIDDEN',
    (n) => `gateWaiverDecline(input: { waiverId: "${n.waiverId}", comment: "x" }) { ${errors} }`,
  ],
  gateWaiverPropose: [
    'HIDDEN',
    (n) => `gateWaiverPropose(input: { number: ${n.request}, gate: "production/sig", reason: "x" }) { ${errors} }`,
  ],
  promotionBreakGlass: [
    'HIDDEN',
    (n) =>
      `promotionBreakGlass(input: { model: "${n.model}", version: 1, target: { kind: ALIAS, name: "champion" }, justification: "x" }) { ${errors} }`,
  ],
  promotionRequestRollback: [
    'HIDDEN',
    (n) =>
      `promotionRequestRollback(input: { model: "${n.model}", target: { kind: ALIAS, name: "champion" }, justification: "x" }) { ${errors} }`,
  ],
  validatorCreate: [
    'DENIED',
    () => `validatorCreate(input: { name: "mine", url: "https://example.com" }) { secret ${errors} }`,
  ],
  validatorDelete: ['DENIED', (n) => `validatorDelete(input: { name: "${n.validator}" }) { ${errors} }`],
  validatorDisable: ['DENIED', (n) => `validatorDisable(input: { name: "${n.validator}" }) { ${errors} }`],
  validatorEnable: ['DENIED', (n) => `validatorEnable(input: { name: "${n.validator}" }) { ${errors} }`],
  validatorSecretRotate: [
    'DENIED',
    (n) => `validatorSecretRotate(input: { name: "${n.validator}" }) { secret ${errors} }`,
  ],
  validatorUpdate: [
    'DENIED',
    (n) => `validatorUpdate(input: { name: "${n.validator}", url: "https://example.com" }) { ${errors} }`,
  ],
};
