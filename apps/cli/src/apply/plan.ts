import type { AccessDocument, DesiredGroup, DesiredSecurable } from '../access-file/access-document.js';
import type { Mode } from '../access-file/access-file.schema.js';
import { nameKey, nameOf, refKey } from '../access-file/securable-kind.js';
import { instant } from '../terminal/text.js';
import type { AccessState, GrantState, SecurableState } from './access-state.js';
import type { Plan } from './change.js';
import { requireFitting, requireRights } from './check.js';
import { differingFields } from './policy-rules.js';

/**
 * What has to change so that the server is as the file says.
 *
 * additive: what the file names is made so, and nothing else is touched. authoritative: in every list that the file
 * holds (the members of a group; the grants, the policies of a securable) what it does not name is removed too. What
 * the file does not speak of is never touched.
 * @throws CliError when the file does not fit the server
 */
export function makePlan(document: AccessDocument, state: AccessState, now: Date): Plan {
  requireFitting(document, state);
  const plan: Plan = { changes: [], notes: [], revisions: new Map() };
  for (const group of document.groups) addGroupChanges(plan, group, state, document.mode);
  const nameOfPrincipal = (name: string) => state.principals.get(nameKey(name))?.name ?? name;
  for (const securable of document.securables) {
    const present = state.securables.get(refKey(securable)) as SecurableState;
    plan.revisions.set(refKey(securable), present.grantsRevision);
    const { owner } = securable;
    if (owner && (present.owner === null || nameKey(owner) !== nameKey(present.owner))) {
      plan.changes.push({
        kind: 'owner',
        action: 'update',
        on: ref(securable),
        owner: nameOfPrincipal(owner),
        was: present.owner,
      });
    }
    addGrantChanges(plan, securable, present, { mode: document.mode, now, nameOfPrincipal });
    addPolicyChanges(plan, securable, present, document.mode);
  }
  requireRights(plan, state);
  return plan;
}

const ref = ({ kind, fullName }: DesiredSecurable) => ({ kind, fullName });

function addGroupChanges(
  { changes, notes }: Plan,
  { name, members }: DesiredGroup,
  state: AccessState,
  mode: Mode,
): void {
  const present = state.groups.get(nameKey(name));
  const group = present ? (state.principals.get(nameKey(name))?.name ?? name) : name;
  const has = new Set(present?.members.map(nameKey));
  const wanted = new Set(members.map((member) => nameKey(member.name)));
  if (!present) changes.push({ kind: 'group', action: 'create', group });
  for (const member of members) {
    if (!has.has(nameKey(member.name))) changes.push({ kind: 'member', action: 'create', group, member: member.name });
  }
  if (mode === 'additive' || !present) return;
  const others = present.members.filter((member) => !wanted.has(nameKey(member)));
  if (present.issuers.length === 0) {
    changes.push(...others.map((member) => ({ kind: 'member', action: 'delete', group, member }) as const));
  } else if (others.length > 0) {
    // Whom the claim names would be back with his next login, and the server refuses to remove him.
    notes.push(`group ${group}: ${others.join(', ')} stay: who is in it is up to ${present.issuers.join(', ')}`);
  }
}

interface Circumstances {
  mode: Mode;
  now: Date;
  nameOfPrincipal: (name: string) => string;
}

const grantKey = (principal: string, privilege: string) => `${privilege} ${nameKey(principal)}`;

function addGrantChanges(
  { changes, notes }: Plan,
  securable: DesiredSecurable,
  present: SecurableState,
  { mode, now, nameOfPrincipal }: Circumstances,
): void {
  if (!securable.grants) return;
  const on = ref(securable);
  const unwanted = new Map(
    liveGrants(present, now).map((grant) => [grantKey(grant.principal.name, grant.privilege), grant]),
  );
  for (const { principal: given, privilege, expiresAt } of securable.grants) {
    const principal = nameOfPrincipal(given);
    const key = grantKey(principal, privilege);
    const there = unwanted.get(key);
    if (expiresAt && expiresAt <= now) {
      notes.push(
        `${nameOf(on)}: ${privilege} to ${principal} has ended (${instant(expiresAt)}), and counts as not granted`,
      );
      continue;
    }
    unwanted.delete(key);
    const change = { kind: 'grant', on, principal, privilege, expiresAt: expiresAt?.toISOString() ?? null } as const;
    if (!there) changes.push({ ...change, action: 'create' });
    else if (!sameEnd(there.expiresAt, change.expiresAt)) {
      changes.push({ ...change, action: 'update', endedAt: there.expiresAt });
    }
  }
  if (mode === 'additive') return;
  for (const { privilege } of present.grants.filter(({ principal }) => principal === null)) {
    notes.push(`${nameOf(on)}: a grant of ${privilege} to somebody whom you may not see stays`);
  }
  for (const { principal, privilege, expiresAt } of unwanted.values()) {
    changes.push({
      kind: 'grant',
      action: 'delete',
      on,
      principal: principal.name,
      privilege,
      expiresAt: null,
      endedAt: expiresAt,
    });
  }
}

const sameEnd = (one: string | null, other: string | null): boolean =>
  one === null || other === null ? one === other : Date.parse(one) === Date.parse(other);

type KnownGrant = GrantState & { principal: { name: string } };

const liveGrants = ({ grants }: SecurableState, now: Date): KnownGrant[] =>
  grants.filter(
    (grant): grant is KnownGrant =>
      grant.principal !== null && (grant.expiresAt === null || Date.parse(grant.expiresAt) > now.getTime()),
  );

function addPolicyChanges(
  { changes }: Plan,
  securable: DesiredSecurable,
  { policies }: SecurableState,
  mode: Mode,
): void {
  if (!securable.policies) return;
  const on = ref(securable);
  const live = policies.filter(({ retiredAt }) => retiredAt === null);
  const unwanted = new Map(live.map((policy) => [nameKey(policy.name), policy]));
  for (const { name, rules } of securable.policies) {
    const there = unwanted.get(nameKey(name));
    unwanted.delete(nameKey(name));
    const fields = there ? differingFields(there.rules, rules) : [];
    if (!there) {
      changes.push({ kind: 'policy', action: 'create', on, policy: name, rules });
    } else if (fields.length > 0) {
      const { id, revision, rules: was } = there;
      changes.push({ kind: 'policy', action: 'update', on, policy: there.name, rules, was, fields, id, revision });
    }
  }
  if (mode === 'additive') return;
  for (const { id, name, revision, rules } of unwanted.values()) {
    changes.push({ kind: 'policy', action: 'delete', on, policy: name, rules, id, revision });
  }
}
