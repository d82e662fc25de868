import {
  type AccessExplanation,
  type AccessFacts,
  type AccessPath,
  nounOf,
  type Place,
  type Privilege,
} from '@app/access';
import { toGrant } from '../namespace/grant.types.js';
import { orNull } from '../schema/or-null.js';
import {
  type AccessExplanationType,
  type AccessPathType,
  AccessStepKind,
  type AccessStepType,
  type EffectivePrivilegeType,
} from './explanation.types.js';
import { toPrincipal } from './principal.type.js';

export function toExplanation(
  facts: AccessFacts,
  privilege: Privilege,
  { allowed, conditions, paths, missing, obstacle, isPartial }: AccessExplanation,
): AccessExplanationType {
  const { kind, fullName } = facts.object;
  return {
    allowed,
    principal: toPrincipal(facts.principal),
    privilege,
    kind,
    fullName,
    conditions: conditions.map((condition) => ({
      privilege: condition.privilege,
      securable: condition.on,
      met: condition.paths.length > 0,
      paths: condition.paths.map((path) => toPath(facts, path)),
    })),
    paths: paths.map((path) => toPath(facts, path)),
    missing,
    obstacle,
    isPartial,
  };
}

export const toEffectivePrivilege = (
  facts: AccessFacts,
  { privilege, paths, isPartial }: { privilege: Privilege; paths: AccessPath[]; isPartial: boolean },
): EffectivePrivilegeType => ({
  privilege,
  inheritedFrom: paths[0]?.inheritedFrom ?? null,
  paths: paths.map((path) => toPath(facts, path)),
  isPartial,
});

const quoted = ({ kind, fullName }: Place): string =>
  kind === 'METASTORE' ? 'the metastore' : `${nounOf[kind].toLowerCase()} "${fullName}"`;

function toPath(facts: AccessFacts, path: AccessPath): AccessPathType {
  const inherited = path.inheritedFrom && {
    ...blank,
    kind: AccessStepKind.INHERITED,
    description: `what is held on ${quoted(path.inheritedFrom)} reaches what is in it`,
    securable: path.inheritedFrom,
  };
  const steps = [...memberships(facts, path), holding(facts, path), ...(inherited ? [inherited] : [])];
  return { steps, inheritedFrom: path.inheritedFrom };
}

const blank = { groupId: null, grant: null, securable: null };

const memberships = ({ principal, names }: AccessFacts, { groupIds }: AccessPath): AccessStepType[] =>
  groupIds.map((groupId, index) => {
    const member = index === 0 ? principal.name : names[groupIds[index - 1] as string];
    const description = `"${member}" is a member of "${names[groupId]}"`;
    return { ...blank, kind: AccessStepKind.MEMBER_OF, description, groupId };
  });

function holding({ principal, names }: AccessFacts, { groupIds, grant, on }: AccessPath): AccessStepType {
  const holder = orNull(groupIds.at(-1), (id) => names[id]) ?? principal.name;
  if (!grant) {
    const description = `"${holder}" owns ${quoted(on)}`;
    return { ...blank, kind: AccessStepKind.OWNERSHIP, description, securable: on };
  }
  const { grantedBy, grantedAt, expiresAt, ...rest } = grant;
  const by = grantedBy && names[grantedBy] ? ` by "${names[grantedBy]}"` : '';
  const until = expiresAt ? `, until ${expiresAt.toISOString()}` : '';
  return {
    ...blank,
    kind: AccessStepKind.GRANT,
    description: `"${holder}" was granted ${grant.privilege} on ${quoted(on)}${by} at ${grantedAt.toISOString()}${until}`,
    grant: toGrant({ ...rest, securable: on, inheritedFrom: null, grantedBy, grantedAt, expiresAt }),
    securable: on,
  };
}
