import { DomainError, NotFound } from '@app/platform';
import type { Question } from './decision.js';
import type { Shortfall } from './missing.js';
import { nounOf, type Securable } from './securable.js';

/** What was refused, for the audit log. Never shown to the caller. */
export interface Refusal {
  /** What the operation asks for. */
  privilege: Question;
  /** Why it was refused, when the caller holds the privilege: a policy, the separation of duties. */
  reason?: string;
  /** The same for programs: REQUESTER_CANNOT_SELF_APPROVE. */
  rule?: string;
  object: Pick<Securable, 'id' | 'kind' | 'fullName' | 'catalogId' | 'schemaId'>;
}

/** The caller sees the object, and lacks a privilege on it, or one of the two usage privileges that it needs. */
export class PermissionDenied extends DomainError {
  /** @param shortfall what is missing for the caller himself: it names no grant of others, and no object that he does not see */
  constructor(
    readonly refusal: Refusal,
    shortfall: Shortfall,
  ) {
    const { privilege, object } = refusal;
    const { kind, fullName } = object;
    super(
      'PERMISSION_DENIED',
      'MISSING_PRIVILEGE',
      `${nounOf[kind]} "${fullName}": you lack ${privilege} on it${told(refusal, shortfall)}`,
      { details: { privilege, kind, fullName, missing: shortfall.missing, obstacle: shortfall.obstacle } },
    );
  }
}

function told({ privilege, object }: Refusal, { missing, obstacle }: Shortfall): string {
  if (obstacle) return `: ${obstacle}`;
  const itself = missing.every((grant) => grant.privilege === privilege && grant.fullName === object.fullName);
  if (itself) return '. Its owner, or a holder of MANAGE, can grant it';
  const grants = missing.map(
    (grant) => `${grant.privilege} on ${nounOf[grant.kind].toLowerCase()} "${grant.fullName}"`,
  );
  return `: missing ${grants.join(', ')}. The owner of each, or a holder of MANAGE there, can grant it`;
}

/** The caller may not know that the object exists: answered like one that does not, and recorded as a refusal. */
export class HiddenObject extends NotFound {
  constructor(
    noun: string,
    name: string,
    readonly refusal: Refusal,
  ) {
    super(noun, name);
  }
}

/** The refusal that an error stands for, if it stands for one: errors of other libraries carry one too. */
export const refusalOf = (error: unknown): Refusal | undefined =>
  error instanceof DomainError && 'refusal' in error ? (error.refusal as Refusal) : undefined;

/** No caller, or credentials that do not hold. Says no more than that: no enumeration of users or tokens. */
export class Unauthenticated extends DomainError {
  constructor(
    message = 'authentication is needed: send "Authorization: Bearer <token>", or HTTP basic with a token as the password',
  ) {
    super('UNAUTHENTICATED', 'UNAUTHENTICATED', message);
  }
}
