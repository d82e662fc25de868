// Who plays in the demo, and the namespace they play in. Safe to run again: what is there stays.
import { ensure, graphql } from './service.mjs';

/** The registered model of the story. */
export const model = 'prod.fraud.scorer';

const people = ['ada', 'grace', 'linus', 'audrey', 'otto', 'mallory'];

const userCreate =
  'mutation($name: String!) { userCreate(input: { name: $name }) { errors { __typename code message } } }';
const groupCreate =
  'mutation($name: String!) { groupCreate(input: { name: $name }) { errors { __typename code message } } }';
const memberAdd = `mutation($group: String!, $member: String!) {
  groupMemberAdd(input: { group: $group, member: $member }) { errors { __typename code message } } }`;
const tokenCreate = `mutation($principal: String!) {
  accessTokenCreate(input: { name: "demo", principal: $principal }) { token errors { __typename code message } } }`;
const catalogCreate = 'mutation { catalogCreate(input: { name: "prod" }) { errors { __typename code message } } }';
const schemaCreate =
  'mutation { schemaCreate(input: { catalog: "prod", name: "fraud" }) { errors { __typename code message } } }';
const grantCreate = `mutation($principal: String!, $privilege: Privilege!, $kind: SecurableKind!, $fullName: String!) {
  grantCreate(input: { principal: $principal, privilege: $privilege, securable: { kind: $kind, fullName: $fullName } }) {
    errors { __typename code message } } }`;

const onCatalog = (principal, ...privileges) =>
  privileges.map((privilege) => ({ principal, privilege, kind: 'CATALOG', fullName: 'prod' }));

/** What each of them may do: least privilege, and governance apart from ownership. */
const grants = [
  ...onCatalog('ada', 'USE_CATALOG', 'USE_SCHEMA', 'CREATE_MODEL', 'SET_ALIAS', 'REQUEST_PROMOTION'),
  ...onCatalog('ml-leads', 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE', 'APPROVE_PROMOTION', 'MANAGE_POLICY'),
  ...onCatalog('otto', 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE'),
  { principal: 'audrey', privilege: 'READ_AUDIT', kind: 'CATALOG', fullName: 'prod' },
  ...onCatalog('audrey', 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE'),
  ...onCatalog('mallory', 'USE_CATALOG', 'USE_SCHEMA'),
];

/**
 * Makes the people, their group, the catalog `prod` with the schema `fraud`, and the grants.
 * @returns {Promise<Record<string, string>>} a token for each person
 */
export async function setTheStage(service, adminToken) {
  const admin = (query, variables) => ensure(service, adminToken, query, variables);
  for (const name of people) await admin(userCreate, { name });
  await admin(groupCreate, { name: 'ml-leads' });
  for (const member of ['grace', 'linus']) await admin(memberAdd, { group: 'ml-leads', member });
  await admin(catalogCreate);
  await admin(schemaCreate);
  for (const grant of grants) await admin(grantCreate, grant);

  const tokens = {};
  for (const principal of people) {
    const { accessTokenCreate } = await graphql(service, adminToken, tokenCreate, { principal });
    tokens[principal] = accessTokenCreate.token;
  }
  return tokens;
}
