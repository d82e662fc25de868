import { HiddenObject, type Refusal, type Securable } from '@app/access';
import { DomainError, NotFound } from '@app/platform';
import { type AskedMove, newRequestUrl } from './approval-urls.js';
import type { MatchingPolicy } from './policy.repository.js';
import { describeTarget, type Target } from './target.js';

interface Attempt {
  model: NamedModel;
  /** What is protected: it was to gain a holder, or to lose one. */
  target: Target;
  /** The move that was asked for; absent when the target was to be cleared, or its holder to go. */
  move?: AskedMove | undefined;
  policies: readonly MatchingPolicy[];
  publicUrl: string;
}

/** A model, as messages and the audit trail name it. */
export type NamedModel = Pick<Securable, 'id' | 'catalogId' | 'schemaId' | 'fullName'>;

/**
 * A direct move of a target that a policy protects. The message says which policy, and what to do instead. It is a
 * refusal: auditors see who tried.
 */
export class ProtectedTarget extends DomainError {
  readonly refusal: Refusal;

  constructor({ model, target, move, policies, publicUrl }: Attempt) {
    const { fullName } = model;
    const asked = { version: move?.version, target: move?.target ?? target };
    const by = policies
      .map(({ name, revision, on }) => `policy "${name}" (revision ${revision}) on ${on}`)
      .join(' and ');
    const input = `model: ${JSON.stringify(fullName)}, version: ${asked.version ?? '<number>'}, target: { kind: ${asked.target.kind}, name: "${asked.target.name}" }, justification: "…"`;
    const url = newRequestUrl(publicUrl, fullName, asked.target, asked.version);
    const instead = move ? 'instead' : 'for the version that is to hold it instead';
    super(
      'PERMISSION_DENIED',
      'PROTECTED_TARGET',
      `${describeTarget(target)} of ${fullName} is protected by ${by}: open a promotion request ${instead}, at ${url} ` +
        `or with the mutation promotionRequestCreate(input: { ${input} }) at ${publicUrl}/graphql`,
      {
        details: {
          policies: policies.map(({ name, revision, on }) => ({ name, revision, on })),
          target,
          model: fullName,
        },
      },
    );
    const reason = `${describeTarget(target)} is protected by ${by}`;
    this.refusal = { privilege: 'SET_ALIAS', reason, object: { ...model, kind: 'REGISTERED_MODEL' } };
  }
}

export class PolicyNotFound extends NotFound {
  constructor(id: string) {
    super('Policy', id);
  }
}

export class RevisionNotFound extends NotFound {
  constructor(policy: string, revision: number) {
    super(`Revision of policy "${policy}"`, String(revision));
  }
}

/** The caller may not know the securable that the policy hangs on: answered like a policy that does not exist. */
export class HiddenPolicy extends HiddenObject {
  constructor(id: string, securable: Securable) {
    super('Policy', id, { privilege: 'DISCOVER', object: securable });
  }
}
