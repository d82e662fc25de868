import { Access, PermissionDenied, type Refusal, type Securable, SecurableRepository } from '@app/access';
import { Config, DomainError } from '@app/platform';
import { type AskedMove, type NamedTarget, Policies, ProtectedTarget, parseTarget, requestUrl } from '@app/policy';
import { VersionRecords } from '@app/registry';
import { Injectable } from '@nestjs/common';
import { NothingToAskFor, RequestInstead } from './governed-moves.errors.js';
import { RequestAlreadyOpen } from './promotion.errors.js';
import type { PromotionRequest } from './promotion-request.js';
import { PromotionRequestRepository } from './promotion-request.repository.js';
import { PromotionRequests } from './promotion-requests.service.js';
import { VisibleRequests } from './visible-requests.js';

/** A direct move of a target, by a client that knows nothing of requests. */
export interface DirectMove {
  /** The full name of the model. */
  model: string;
  version: number;
  target: NamedTarget;
  /** Why, for the request that is opened instead. */
  justification: string;
}

/** Direct moves for clients that know of no requests: where a policy stands in the way, the error leads to the request. */
@Injectable()
export class GovernedMoves {
  constructor(
    private readonly access: Access,
    private readonly config: Config,
    private readonly opening: PromotionRequests,
    private readonly policies: Policies,
    private readonly requests: PromotionRequestRepository,
    private readonly securables: SecurableRepository,
    private readonly versions: VersionRecords,
    private readonly visible: VisibleRequests,
  ) {}

  /**
   * Carries out a move. When a policy protects the target, the request that is open for the same is named, if the caller
   * may see it; with MLFLOW_AUTO_REQUEST one is opened, for who holds REQUEST_PROMOTION.
   * @throws RequestInstead naming the request; ProtectedTarget when there is none; NothingToAskFor when none could be opened; what the work throws
   */
  async attempt<T>(move: DirectMove, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const refused = await this.protection(error, move);
      if (!refused) throw error;
      throw await this.instead(refused, move);
    }
  }

  /** Who may ask for a promotion need not hold SET_ALIAS: of a protected target it is the policy that he meets. */
  private async protection(error: unknown, { model: fullName, version, target }: DirectMove) {
    if (error instanceof ProtectedTarget) return error;
    if (!(error instanceof PermissionDenied)) return undefined;
    const model = await this.securables.byFullName('REGISTERED_MODEL', fullName);
    if (!model || !(await this.access.allowed('REQUEST_PROMOTION', model))) return undefined;
    const move: AskedMove = { target: parseTarget(target), version };
    try {
      await this.policies.requireUnprotected(model, move.target, move);
    } catch (refused) {
      if (refused instanceof ProtectedTarget) return refused;
      throw refused;
    }
    return undefined;
  }

  private async instead(refused: ProtectedTarget, move: DirectMove): Promise<Error> {
    const model = await this.securables.byFullName('REGISTERED_MODEL', move.model);
    if (!model) return refused;
    const mayAsk = await this.access.allowed('REQUEST_PROMOTION', model);
    const auto = this.config.settings.MLFLOW_AUTO_REQUEST && mayAsk;
    const open = await this.openFor(model, move);
    if (open) return this.naming(open, refused.refusal, auto ? undefined : refused.refusal);
    if (!auto) return refused;
    try {
      return this.naming(await this.opening.create(move), refused.refusal);
    } catch (error) {
      // The same call came twice at once: the other one has opened it.
      const other = error instanceof RequestAlreadyOpen ? await this.openFor(model, move) : undefined;
      if (other) return this.naming(other, refused.refusal);
      return error instanceof DomainError ? new NothingToAskFor(move.model, refused.refusal, error) : (error as Error);
    }
  }

  private async openFor(model: Securable, move: DirectMove): Promise<PromotionRequest | undefined> {
    const version = await this.versions.byNumber(model.id, move.version);
    if (!version || !(await this.visible.shown(model))) return undefined;
    return this.requests.openFor({ versionId: version.id, target: parseTarget(move.target) });
  }

  private naming(request: PromotionRequest, { reason = '' }: Refusal, refusal?: Refusal): RequestInstead {
    return new RequestInstead(request, reason, requestUrl(this.config.publicUrl, request.number), refusal);
  }
}
