import { Access, SecurableRepository } from '@app/access';
import { AuditLog } from '@app/audit';
import { GateRuns } from '@app/gates';
import { NotFound, Transaction } from '@app/platform';
import { type EffectivePolicy, type NamedTarget, parseTarget, samePolicies } from '@app/policy';
import { VersionNotFound, VersionRecords, versionNumber } from '@app/registry';
import { Injectable } from '@nestjs/common';
import { type Locked, LockedRequests } from './locked-requests.js';
import { describeUnfillable, OpeningChecks, type Prospect } from './policies/opening-checks.js';
import { PoliciesChanged } from './promotion.errors.js';
import { PromotionProgress } from './promotion-progress.service.js';
import {
  auditedRequest,
  optionalText,
  type PromotionRequest,
  requiredText,
  requireOpen,
  requireState,
} from './promotion-request.js';
import { PromotionRequestRepository } from './promotion-request.repository.js';
import { DecisionRepository } from './review/decision.repository.js';
import { VisibleRequests } from './visible-requests.js';

export interface NewRequest {
  /** The full name of the model. */
  model: string;
  version: number;
  target: NamedTarget;
  justification: string;
  /** The version that the requester believes to hold the target, null for nobody; left out: whoever does. */
  expectedIncumbent?: number | null;
}

/** A request for the way back: the version is the one that held the target directly before. */
export type NewRollback = Omit<NewRequest, 'version'>;

/** What requesters do with their requests. */
@Injectable()
export class PromotionRequests {
  constructor(
    private readonly access: Access,
    private readonly audit: AuditLog,
    private readonly checks: OpeningChecks,
    private readonly decisions: DecisionRepository,
    private readonly gates: GateRuns,
    private readonly locked: LockedRequests,
    private readonly progress: PromotionProgress,
    private readonly requests: PromotionRequestRepository,
    private readonly securables: SecurableRepository,
    private readonly transaction: Transaction,
    private readonly versions: VersionRecords,
    private readonly visible: VisibleRequests,
  ) {}

  /**
   * Asks for a version to hold a target: pins the policies and the incumbent, and sets the gates going. Needs
   * REQUEST_PROMOTION on the model.
   * @throws NotFound, PermissionDenied, InvalidArgument; VersionNotReady; NoArtifactDigest
   * @throws TargetNotProtected when no policy protects the target; AlreadyHolds; RequestAlreadyOpen; IncumbentChanged
   */
  async create(input: NewRequest): Promise<PromotionRequest> {
    const { caller, model: seen } = await this.authorizeOpening(input.model);
    const target = parseTarget(input.target);
    const version = await this.versions.byNumber(seen.id, versionNumber(input.version));
    if (!version) throw new VersionNotFound(seen.fullName, input.version);
    return this.open({ kind: 'PROMOTION', model: seen, target, version }, caller.id, input);
  }

  /**
   * Asks for the version that held a target directly before to hold it again. The policies say what is asked of it: by
   * default that its files are what they were, and the approvals of a promotion. Needs REQUEST_PROMOTION on the model.
   * @throws NothingToRollBackTo when nobody held the target before; and all that `create` throws
   */
  async rollback(input: NewRollback): Promise<PromotionRequest> {
    const { caller, model } = await this.authorizeOpening(input.model);
    const target = parseTarget(input.target);
    const version = await this.checks.previousHolder(model, target);
    return this.open({ kind: 'ROLLBACK', model, target, version }, caller.id, input);
  }

  /** Withdraws a request. For its requester, and for holders of MANAGE on the model. @throws NotFound, PermissionDenied, RequestClosed */
  async cancel(input: { number: number; reason?: string | null }): Promise<PromotionRequest> {
    const { request: seen } = await this.authorizeOwn(input.number);
    const reason = optionalText(input.reason, 'reason') ?? 'the request was withdrawn';
    return this.transaction.run(async () => {
      const locked = await this.locked.lockPresent(seen);
      requireOpen(locked.request);
      return (await this.locked.move(locked, 'CANCELLED', reason)).request;
    });
  }

  /**
   * Runs the gates again, of a blocked request or for newer evidence, under the policies and the incumbent of now. The time
   * in which it must be decided is still counted from its opening. For its requester, and for holders of MANAGE on the model.
   * @throws NotFound, PermissionDenied, RequestClosed, WrongState; TargetNotProtected when no policy protects the target any more
   */
  async rerunGates(input: { number: number }): Promise<PromotionRequest> {
    const { request: seen } = await this.authorizeOwn(input.number);
    return this.transaction.run(async () => {
      const locked = await this.locked.lockPresent(seen);
      const { request, model, version } = locked;
      requireState(request, ['BLOCKED', 'AWAITING_APPROVAL'], 'run its gates again');
      const prospect = { kind: request.kind, model, target: request.target, version };
      const effective = await this.checks.policyFor(prospect);
      const incumbent = await this.checks.requireIncumbent(prospect);
      await this.checks.requireWayBack(prospect);
      const again = await this.locked.move(locked, 'VALIDATING', 'the gates run again', {
        round: request.round + 1,
        effectivePolicy: effective,
        expiresAt: expiryOf(request, effective),
        incumbentVersionId: incumbent?.id ?? null,
        incumbentVersionNumber: incumbent?.number ?? null,
        evidence: null,
        evidenceDigest: null,
      });
      await this.requests.pin(again.request);
      return this.startRound(again);
    });
  }

  /**
   * Answers the changes that reviewers asked for: the request awaits approval again. For its requester, and for holders
   * of MANAGE on the model.
   * @throws NotFound, PermissionDenied, RequestClosed, WrongState
   */
  async resubmit(input: { number: number; comment: string }): Promise<PromotionRequest> {
    const { request: seen } = await this.authorizeOwn(input.number);
    const comment = requiredText(input.comment, 'comment', 'say what was changed, or why nothing was');
    return this.transaction.run(async () => {
      const locked = await this.locked.lockPresent(seen);
      requireState(locked.request, ['CHANGES_REQUESTED'], 'resubmit it');
      const standing = await this.decisions.standing(locked.request.id);
      const answered = standing.filter(({ verdict }) => verdict === 'REQUEST_CHANGES').map(({ id }) => id);
      await this.decisions.end(answered, 'ANSWERED');
      const resubmitted = await this.locked.move(locked, 'AWAITING_APPROVAL', comment);
      return (await this.progress.review(resubmitted)).request;
    });
  }

  private async authorizeOpening(fullName: string) {
    const found = await this.securables.byFullName('REGISTERED_MODEL', fullName);
    const authorized = await this.access.authorize('REQUEST_PROMOTION', found, 'REGISTERED_MODEL', fullName);
    return { caller: authorized.caller, model: authorized.object };
  }

  private async open(
    seen: Prospect,
    requesterId: string,
    input: Pick<NewRequest, 'justification' | 'expectedIncumbent'>,
  ): Promise<PromotionRequest> {
    const { kind, target } = seen;
    const justification = requiredText(input.justification, 'justification', 'say why the version should be promoted');
    const policy = await this.checks.policyFor(seen);
    const warnings = (await this.checks.unfillable(policy, seen, requesterId)).map(describeUnfillable);

    return this.transaction.run(async () => {
      // Under its lock the model keeps its name and its place.
      const model = await this.securables.lock(seen.model.id);
      if (!model) throw new NotFound('Registered model', seen.model.fullName);
      const version = await this.checks.requireVersion(seen.version, model.fullName);
      const prospect = { kind, model, target, version };
      if (!samePolicies(policy, await this.checks.policyFor(prospect))) throw new PoliciesChanged();
      const incumbent = await this.checks.requireIncumbent(prospect, input.expectedIncumbent);
      await this.checks.requireWayBack(prospect);
      await this.checks.requireNoneOpen(prospect);
      const request = await this.requests.insert({
        kind,
        modelId: model.id,
        modelFullName: model.fullName,
        versionId: version.id,
        versionNumber: version.number,
        target,
        requesterId,
        justification,
        incumbentVersionId: incumbent?.id ?? null,
        incumbentVersionNumber: incumbent?.number ?? null,
        artifactDigest: version.artifactDigest,
        effectivePolicy: policy,
        stateReason: ['the gates have not all finished', ...warnings].join('; '),
      });
      await this.audit.record({
        action: 'promotion_request.created',
        object: auditedRequest(request, model),
        after: {
          kind,
          version: version.number,
          target,
          incumbent: request.incumbentVersionNumber,
          policies: policy.policies,
        },
        reason: justification,
      });
      return this.startRound({ request, model, version });
    });
  }

  /** The requester himself, or MANAGE. */
  private async authorizeOwn(number: number) {
    const visible = await this.visible.byNumber(number);
    const { caller, request, model } = visible;
    if (request.requesterId !== caller.id) {
      await this.access.authorize('MANAGE', model, 'REGISTERED_MODEL', model.fullName);
    }
    return visible;
  }

  private async startRound(locked: Locked): Promise<PromotionRequest> {
    const { id: requestId, versionId, incumbentVersionId, round, effectivePolicy: policy } = locked.request;
    await this.gates.queue(policy.gates, { requestId, versionId, incumbentVersionId, round });
    return (await this.progress.evaluateLocked(locked)).request;
  }
}

const expiryOf = ({ createdAt }: PromotionRequest, { expiresAfterSeconds }: EffectivePolicy): Date | null =>
  expiresAfterSeconds === null ? null : new Date(createdAt.getTime() + expiresAfterSeconds * 1000);
