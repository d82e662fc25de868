import type { Refusal } from '@app/access';
import { DomainError } from '@app/platform';
import type { PromotionRequest } from './promotion-request.js';

/** A direct move of a protected target, for which a request is open: before, or from now on. */
export class RequestInstead extends DomainError {
  /** @param refusal absent when the call itself has asked for the request: then nobody went another way */
  constructor(
    { number, state, modelFullName, versionNumber }: PromotionRequest,
    reason: string,
    url: string,
    readonly refusal?: Refusal,
  ) {
    super(
      'PERMISSION_DENIED',
      'PROMOTION_REQUEST_INSTEAD',
      `${modelFullName}: ${reason}: it is not moved directly. Promotion request ${number} asks for version ${versionNumber}, and is ${state}: ${url}`,
      { details: { number, state, url } },
    );
  }
}

/** A direct move of a protected target, for which no request could be opened either. */
export class NothingToAskFor extends DomainError {
  constructor(
    model: string,
    readonly refusal: Refusal,
    cause: DomainError,
  ) {
    super(
      'PERMISSION_DENIED',
      'PROMOTION_REQUEST_IMPOSSIBLE',
      `${model}: ${refusal.reason}: it is not moved directly, and no promotion request could be opened: ${cause.message}`,
      { cause },
    );
  }
}
