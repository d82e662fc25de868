import { HiddenObject, type Refusal, type Securable } from '@app/access';
import { Conflict, DomainError, FailedPrecondition, NotFound } from '@app/platform';
import { describeTarget, type Target } from '@app/policy';
import type { ReasonCode } from './reason-code.js';

interface Numbered {
  number: number;
  state: string;
}

export class RequestNotFound extends NotFound {
  constructor(asked: number | string) {
    super('Promotion request', String(asked));
  }
}

/** The caller may not know the request: answered like one that does not exist. */
export class HiddenRequest extends HiddenObject {
  constructor(asked: number | string, model: Securable) {
    super('Promotion request', String(asked), { privilege: 'EXECUTE', object: model });
  }
}

export class RequestClosed extends FailedPrecondition {
  constructor({ number, state }: Numbered) {
    super('REQUEST_CLOSED', `promotion request ${number} is ${state}: it is closed, and nothing about it changes`, {
      state,
    });
  }
}

export class WrongState extends FailedPrecondition {
  constructor({ number, state }: Numbered, needed: string, toDo: string) {
    super('WRONG_STATE', `promotion request ${number} is ${state}: it must be ${needed} to ${toDo}`, { state });
  }
}

export class TargetNotProtected extends FailedPrecondition {
  constructor(model: string, target: Target) {
    super(
      'TARGET_NOT_PROTECTED',
      `target: no policy protects ${describeTarget(target)} of ${model}: it needs no request, set it directly`,
      { target },
    );
  }
}

export class AlreadyHolds extends FailedPrecondition {
  constructor(model: string, version: number, target: Target) {
    super('ALREADY_HOLDS_TARGET', `version: ${model}/${version} holds ${describeTarget(target)} already`, { target });
  }
}

export class NothingToRollBackTo extends FailedPrecondition {
  constructor(model: string, target: Target) {
    super(
      'NOTHING_TO_ROLL_BACK_TO',
      `target: no version of ${model} held ${describeTarget(target)} before, or it was deleted: open a promotion request for the version that should`,
      { target },
    );
  }
}

/** Since the rollback was asked for, the target was moved. */
export class NotThePreviousHolder extends Conflict {
  constructor(target: Target, version: number, previous: number) {
    super(
      'NOT_THE_PREVIOUS_HOLDER',
      `version: ${version} is not the one that held ${describeTarget(target)} directly before, which is ${previous}: cancel this rollback, and open another one`,
      { previous },
    );
  }
}

export class RequestAlreadyOpen extends FailedPrecondition {
  constructor(description: string, number: number) {
    super('REQUEST_ALREADY_OPEN', `promotion request ${number} for ${description} is open already`, { number });
  }
}

export class NoArtifactDigest extends FailedPrecondition {
  constructor(model: string, version: number) {
    super(
      'NO_ARTIFACT_DIGEST',
      `version: ${model}/${version} has no artifact digest: its files lie outside the artifact store, and cannot be vouched for`,
    );
  }
}

export class IncumbentChanged extends Conflict {
  constructor(target: Target, expected: number | null, found: number | null) {
    const words = (number: number | null) => (number === null ? 'nobody' : `version ${number}`);
    super(
      'INCUMBENT_CHANGED',
      `expectedIncumbent: ${describeTarget(target)} is held by ${words(found)}, not by ${words(expected)}`,
      { incumbent: found },
    );
  }
}

export class PoliciesChanged extends Conflict {
  constructor() {
    super('POLICY_CHANGED', 'the policies of the target were changed at this moment: try again');
  }
}

/** The reviewer saw other evidence than the request has now. */
export class StaleEvidence extends Conflict {
  constructor(number: number, given: string, currentEvidenceDigest: string | null) {
    super(
      'STALE_EVIDENCE',
      `evidenceDigest: ${given} is not the evidence of promotion request ${number}, which is ${currentEvidenceDigest}: look at it again`,
      { currentEvidenceDigest },
    );
  }
}

/** A rule, not a missing privilege, keeps the reviewer from deciding. A refusal: auditors see who tried. */
export class MayNotDecide extends DomainError {
  readonly refusal: Refusal;

  /** @param rule what auditors find it by */
  constructor(reason: ReasonCode, explanation: string, model: Refusal['object'], rule: ReasonCode = reason) {
    super('PERMISSION_DENIED', reason, explanation);
    this.refusal = { privilege: 'APPROVE_PROMOTION', rule, reason: explanation, object: model };
  }
}

/** The same for other acts than a decision. */
export class ForbiddenByRule extends DomainError {
  readonly refusal: Refusal;

  constructor(
    privilege: Refusal['privilege'],
    { rule, explanation }: { rule: string; explanation: string },
    model: Refusal['object'],
  ) {
    super('PERMISSION_DENIED', rule, explanation);
    this.refusal = { privilege, rule, reason: explanation, object: model };
  }
}

export class NotDecidable extends FailedPrecondition {
  constructor(reason: ReasonCode, explanation: string, state: string) {
    super(reason, explanation, { state });
  }
}

/** The bytes in the store are not what was registered. */
export class ArtifactChanged extends FailedPrecondition {
  constructor(number: number, reason: string) {
    super(
      'ARTIFACT_CHANGED',
      `promotion request ${number} is BLOCKED now, and the decision was not counted: ${reason}`,
    );
  }
}

/** The bytes in the store are not what was registered, and nobody can go past that. */
export class FilesChanged extends FailedPrecondition {
  constructor(model: string, version: number, digest: string) {
    super(
      'ARTIFACT_CHANGED',
      `version: the files of ${model}/${version} are not what was registered: they are ${digest}`,
    );
  }
}

export class GateRunNotFound extends NotFound {
  constructor(id: string) {
    super('Gate run', id);
  }
}

export class WaiverNotFound extends NotFound {
  constructor(id: string) {
    super('Waiver', id);
  }
}

export class GateNotBlocking extends FailedPrecondition {
  constructor(number: number, gate: string, blocking: readonly string[]) {
    super(
      'GATE_NOT_BLOCKING',
      `gate: ${gate} does not stand in the way of promotion request ${number}; these gates do: ${blocking.join(', ') || 'none'}`,
      { blocking },
    );
  }
}

export class WaiverProposed extends FailedPrecondition {
  constructor(number: number, gate: string) {
    super(
      'WAIVER_PROPOSED',
      `gate: a waiver of "${gate}" of promotion request ${number} is proposed already: confirm or decline it`,
    );
  }
}

export class WaiverDecided extends FailedPrecondition {
  constructor() {
    super('WAIVER_DECIDED', 'waiver: it was confirmed or declined already');
  }
}

export class NoReview extends FailedPrecondition {
  constructor(number: number) {
    super('NO_REVIEW', `number: promotion request ${number} went the way of the policy: there is nothing to review`);
  }
}

export class ReviewClosed extends FailedPrecondition {
  constructor(number: number) {
    super('REVIEW_CLOSED', `number: the review of promotion request ${number} is closed already`);
  }
}

export class ThreadNotFound extends NotFound {
  constructor(id: string) {
    super('Discussion thread', id);
  }
}
