// Who plays in the clients' programs, and where: people, groups, catalogs, grants, and one protected catalog.
import { ensure, graphql } from '../../scripts/demo/service.mjs';

/** The environment variable with each person's token, and who that is. README.md tells what each of them may do. */
const people = {
  DATA_SCIENTIST_TOKEN: 'dana',
  ML_LEAD_TOKEN: 'lea',
  SECOND_LEAD_TOKEN: 'leo',
  READER_TOKEN: 'rita',
  STRANGER_TOKEN: 'sam',
};

const errors = 'errors { __typename code message }';
const userCreate = `mutation($name: String!) { userCreate(input: { name: $name }) { ${errors} } }`;
const groupCreate = `mutation($name: String!) { groupCreate(input: { name: $name }) { ${errors} } }`;
const memberAdd = `mutation($group: String!, $member: String!) {
  groupMemberAdd(input: { group: $group, member: $member }) { ${errors} } }`;
const catalogCreate = `mutation($name: String!) { catalogCreate(input: { name: $name }) { ${errors} } }`;
const schemaCreate = `mutation($catalog: String!, $name: String!) {
  schemaCreate(input: { catalog: $catalog, name: $name }) { ${errors} } }`;
const grantCreate = `mutation($principal: String!, $privilege: Privilege!, $fullName: String!) {
  grantCreate(input: { principal: $principal, privilege: $privilege, securable: { kind: CATALOG, fullName: $fullName } }) {
    ${errors} } }`;
const policyCreate = `mutation { policyCreate(input: {
  on: { kind: CATALOG, fullName: "governed" }, name: "production", reason: "production needs a second person"
  rules: {
    protects: { stages: [PRODUCTION], aliases: ["champion"] }
    gates: [{ key: "integrity", type: ARTIFACT_INTEGRITY }]
    approvals: [{ name: "leads", count: 1, approvers: ["ml-leads"] }]
  } }) { ${errors} } }`;
const tokenCreate = `mutation($principal: String!) {
  accessTokenCreate(input: { name: "clients", principal: $principal }) { token ${errors} } }`;

const reads = ['USE_CATALOG', 'USE_SCHEMA', 'EXECUTE'];
const granted = {
  'data-scientists': [...reads, 'CREATE_MODEL', 'CREATE_MODEL_VERSION', 'APPLY_TAG', 'SET_ALIAS', 'REQUEST_PROMOTION'],
  'ml-leads': [...reads, 'APPROVE_PROMOTION', 'MANAGE_POLICY'],
  rita: reads,
};

/**
 * Makes all that README.md promises to a program. What is there already stays, so that one service can be used again.
 * @param {{ url: string }} service
 * @param {string} adminToken
 * @returns {Promise<Record<string, string>>} the tokens, by environment variable
 */
export async function setTheStage(service, adminToken) {
  const admin = (query, variables) => ensure(service, adminToken, query, variables);
  for (const name of Object.values(people)) await admin(userCreate, { name });
  for (const name of ['data-scientists', 'ml-leads']) await admin(groupCreate, { name });
  await admin(memberAdd, { group: 'data-scientists', member: 'dana' });
  for (const member of ['lea', 'leo']) await admin(memberAdd, { group: 'ml-leads', member });

  for (const [catalog, name] of [
    ['prod', 'fraud'],
    ['governed', 'credit'],
  ]) {
    await admin(catalogCreate, { name: catalog });
    await admin(schemaCreate, { catalog, name });
  }
  // Flat names live in the catalog "main".
  for (const fullName of ['prod', 'governed', 'main']) {
    for (const [principal, privileges] of Object.entries(granted)) {
      for (const privilege of privileges) await admin(grantCreate, { principal, privilege, fullName });
    }
  }

  const tokens = {};
  for (const [variable, principal] of Object.entries(people)) {
    tokens[variable] = (await graphql(service, adminToken, tokenCreate, { principal })).accessTokenCreate.token;
  }
  await ensure(service, tokens.ML_LEAD_TOKEN, policyCreate);
  return tokens;
}
