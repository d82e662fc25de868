import type { AccessDocument, DesiredSecurable } from '../access-file/access-document.js';
import { nameKey, nameOf, refKey } from '../access-file/securable-kind.js';
import { CliError } from '../cli-error.js';
import {
  administrationDocument,
  groupDocument,
  policiesDocument,
  principalsAtOnce,
  principalsDocument,
  securableDocument,
} from '../server/documents.js';
import { allPages, forAll, type Page, type Reader } from '../server/pages.js';
import type {
  AccessState,
  GrantState,
  GroupState,
  PolicyState,
  PrincipalState,
  SecurableState,
} from './access-state.js';
import { fromWire, type WireRules } from './policy-rules.js';

const attempts = 5;

/** Reads all that a document speaks of. What is not there is not in the answer. */
export async function readState(client: Reader, document: AccessDocument): Promise<AccessState> {
  const groupNames = document.groups.map(({ name }) => name);
  const principals = await readPrincipals(client, [...document.principals.map(({ name }) => name), ...groupNames]);
  const groups = groupNames.filter((name) => principals.get(nameKey(name))?.kind === 'GROUP');
  const states = await forAll(document.securables, (securable) => readSecurable(client, securable));
  return {
    principals,
    groups: new Map(await forAll(groups, async (name) => [nameKey(name), await readGroup(client, name)] as const)),
    securables: new Map(states.filter((state) => state !== null).map((state) => [refKey(state), state])),
    administers: document.groups.length > 0 && (await administers(client)),
  };
}

async function administers(client: Reader): Promise<boolean> {
  const { metastore } = await client.query<{ metastore: { viewerCan: string[] } }>(administrationDocument);
  return metastore.viewerCan.includes('MANAGE');
}

async function readPrincipals(client: Reader, names: readonly string[]): Promise<Map<string, PrincipalState>> {
  const distinct = [...new Map(names.map((name) => [nameKey(name), name])).values()];
  const batches = Array.from({ length: Math.ceil(distinct.length / principalsAtOnce) }, (_, index) =>
    distinct.slice(index * principalsAtOnce, (index + 1) * principalsAtOnce),
  );
  const found = await forAll(batches, async (batch) => {
    const variables = Object.fromEntries(batch.map((name, index) => [`n${index}`, name]));
    const answer = await client.query<Record<string, PrincipalState | null>>(
      principalsDocument(batch.length),
      variables,
    );
    return Object.values(answer).filter((principal) => principal !== null);
  });
  return new Map(found.flat().map((principal) => [nameKey(principal.name), principal]));
}

interface GroupPage {
  externalIdentities: { issuer: string }[];
  members: Page<{ name: string }>;
}

async function readGroup(client: Reader, name: string): Promise<GroupState> {
  let issuers: string[] = [];
  const members = await allPages(async (after) => {
    const { group } = await client.query<{ group: GroupPage | null }>(groupDocument, { name, after });
    issuers = group?.externalIdentities.map(({ issuer }) => issuer) ?? [];
    return group?.members ?? null;
  });
  return { name, issuers, members: members.map((member) => member.name) };
}

interface GrantsPage {
  grantsRevision: number;
  viewerCan: string[];
  owner: { name: string } | null;
  grants: Page<GrantState>;
}

async function readSecurable(client: Reader, desired: DesiredSecurable): Promise<SecurableState | null> {
  const { kind, fullName } = desired;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const seen: GrantsPage[] = [];
    const grants = await allPages(async (after) => {
      const { securable } = await client.query<{ securable: GrantsPage | null }>(
        securableDocument(kind),
        kind === 'METASTORE' ? { after } : { fullName, after },
      );
      if (securable) seen.push(securable);
      return securable?.grants ?? null;
    });
    const [first] = seen;
    if (!first) return null;
    // Pages of two states of the list are no state of it.
    if (seen.some(({ grantsRevision }) => grantsRevision !== first.grantsRevision)) continue;
    const { grantsRevision, viewerCan, owner } = first;
    const policies = desired.policies ? await readPolicies(client, desired) : [];
    return { kind, fullName, grantsRevision, viewerCan, owner: owner?.name ?? null, grants, policies };
  }
  throw new CliError('CONFLICT', `${nameOf(desired)}: its grants change faster than they can be read; try again`);
}

type WirePolicy = Omit<PolicyState, 'rules'> & { rules: WireRules };

async function readPolicies(client: Reader, { kind, fullName }: DesiredSecurable): Promise<PolicyState[]> {
  if (kind === 'EXPERIMENT') return [];
  const policies = await allPages(async (after) => {
    const { securable } = await client.query<{ securable: { policies: Page<WirePolicy> } | null }>(
      policiesDocument(kind),
      kind === 'METASTORE' ? { after } : { fullName, after },
    );
    return securable?.policies ?? null;
  });
  return policies.map((policy) => ({ ...policy, rules: fromWire(policy.rules) }));
}
