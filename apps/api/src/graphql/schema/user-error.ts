import type { SecurableKind } from '@app/access';
import type { DomainError } from '@app/platform';
import { Field, Int, InterfaceType, ObjectType } from '@nestjs/graphql';
import { MissingGrant } from '../access/missing-grant.type.js';
import { SecurableKindEnum } from './securable.js';

@InterfaceType('UserError', {
  description: 'An expected failure of a mutation, for the person who called it',
  resolveType: (error: UserError) => error.__typename,
})
export abstract class UserError {
  __typename: string;

  @Field({ description: 'A stable word for programs' })
  code: string;
  @Field({ description: 'A sentence for people: the field, the value, and what would be right' })
  message: string;
  @Field(() => [String], {
    nullable: true,
    description:
      'The field of the input, outermost first; of an element of a list, its index: input, add, 3, privilege',
  })
  path: string[] | null;
}

@ObjectType({ implements: UserError, description: 'A field of the input breaks a rule' })
export class ValidationError extends UserError {}

@ObjectType({ implements: UserError, description: 'The object does not exist, or you may not see it' })
export class NotFoundError extends UserError {}

@ObjectType({ implements: UserError, description: 'An object of that name is there already' })
export class AlreadyExistsError extends UserError {}

@ObjectType({ implements: UserError, description: 'The object is not in a state that allows it' })
export class PreconditionError extends UserError {}

@ObjectType({ implements: UserError, description: 'You see the object, and lack a privilege on it' })
export class PermissionDeniedError extends UserError {
  @Field(() => String, { nullable: true, description: 'The privilege that is missing' })
  privilege: string | null;
  @Field(() => SecurableKindEnum, { nullable: true, description: 'The kind of the object' })
  kind: SecurableKind | null;
  @Field(() => String, { nullable: true, description: 'The object that it is missing on' })
  fullName: string | null;
  @Field(() => [MissingGrant], { nullable: true, description: 'The grants that would be enough, together' })
  missing: MissingGrant[] | null;
  @Field(() => String, { nullable: true, description: 'Why no grant would help, where none would' })
  obstacle: string | null;
}

@ObjectType({ implements: UserError, description: 'Somebody changed the object first' })
export class ConflictError extends UserError {
  @Field(() => String, { nullable: true, description: 'For a decision: the digest of the evidence as it stands now' })
  currentEvidenceDigest: string | null;
  @Field(() => Int, { nullable: true, description: 'For grants: the revision that they are at now' })
  currentRevision: number | null;
}

@ObjectType({ description: 'A policy that protects a target' })
export class ProtectingPolicyRef {
  @Field()
  name: string;
  @Field()
  revision: number;
  @Field({ description: 'The securable that the policy is attached to' })
  on: string;
}

@ObjectType({ implements: UserError, description: 'A policy protects the target: open a promotion request' })
export class ProtectedTargetError extends UserError {
  @Field(() => [ProtectingPolicyRef])
  policies: ProtectingPolicyRef[];
}

export const userErrorTypes = [
  ValidationError,
  NotFoundError,
  AlreadyExistsError,
  PreconditionError,
  PermissionDeniedError,
  ConflictError,
  ProtectedTargetError,
];

const typeOfKind: Partial<Record<DomainError['kind'], string>> = {
  INVALID_ARGUMENT: 'ValidationError',
  NOT_FOUND: 'NotFoundError',
  ALREADY_EXISTS: 'AlreadyExistsError',
  FAILED_PRECONDITION: 'PreconditionError',
  PERMISSION_DENIED: 'PermissionDeniedError',
  CONFLICT: 'ConflictError',
};

/** The entry of a payload's `errors` that a DomainError becomes; undefined for kinds that are top-level errors. */
export function toUserError(error: DomainError): (UserError & Record<string, unknown>) | undefined {
  const __typename = error.reason === 'PROTECTED_TARGET' ? 'ProtectedTargetError' : typeOfKind[error.kind];
  if (!__typename) return undefined;
  const path = error.path ? ['input', ...error.path] : null;
  return { ...error.details, __typename, code: error.reason, message: error.message, path };
}
