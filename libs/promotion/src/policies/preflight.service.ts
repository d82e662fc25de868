import { Access, type Securable } from '@app/access';
import { DomainError, InvalidArgument } from '@app/platform';
import { type EffectivePolicy, type NamedTarget, type PromotionKind, parseTarget, type Target } from '@app/policy';
import { type ModelVersion, Targets, VersionNotFound, VersionRecords, versionNumber } from '@app/registry';
import { Injectable } from '@nestjs/common';
import { approversAmong, progressOf, type RuleProgress } from '../review/review.js';
import { Reviewers } from '../review/reviewers.js';
import { VisibleRequests } from '../visible-requests.js';
import { OpeningChecks, type Prospect, type UnfillableRule } from './opening-checks.js';

export interface AskedPreflight {
  /** The full name of the model. */
  model: string;
  /** Of a rollback it is left out: the version that held the target directly before. */
  version?: number | null;
  target: NamedTarget;
  kind: PromotionKind;
}

/** Why the caller could not open the request now. */
export interface Obstacle {
  code: string;
  message: string;
}

/** What a request would show if the caller opened it now. */
export interface Preflight {
  kind: PromotionKind;
  version: ModelVersion;
  target: Target;
  incumbent: ModelVersion | null;
  /** null when no policy protects the target. */
  policy: EffectivePolicy | null;
  approvals: RuleProgress[];
  unfillable: UnfillableRule[];
  /** Empty when the caller may open it. */
  obstacles: Obstacle[];
}

/** What a promotion would meet, before anybody asks for it. It takes the steps of the opening itself, and changes nothing. */
@Injectable()
export class Preflights {
  constructor(
    private readonly access: Access,
    private readonly checks: OpeningChecks,
    private readonly reviewers: Reviewers,
    private readonly targets: Targets,
    private readonly versions: VersionRecords,
    private readonly visible: VisibleRequests,
  ) {}

  /**
   * For whoever may see the requests of the model; what he lacks to open one is among the obstacles.
   * @throws NotFound, InvalidArgument; NothingToRollBackTo when there is no version to ask about
   */
  async of(asked: AskedPreflight): Promise<Preflight> {
    const { kind } = asked;
    if (kind === 'BREAK_GLASS') {
      throw new InvalidArgument('kind: BREAK_GLASS meets no gate and no rule: ask for PROMOTION or ROLLBACK', ['kind']);
    }
    const model = await this.visible.model(asked.model);
    const target = parseTarget(asked.target);
    const version = await this.versionFor(model, target, asked);
    const prospect = { kind, model, target, version };
    const { policy, obstacles } = await this.attempt(prospect);
    const incumbent = await this.targets.holder(model.id, target);
    return {
      kind,
      version,
      target,
      incumbent: incumbent ?? null,
      policy,
      ...(await this.approvals(prospect, policy)),
      obstacles,
    };
  }

  private async versionFor(model: Securable, target: Target, { kind, version }: AskedPreflight): Promise<ModelVersion> {
    if (kind === 'ROLLBACK' && version == null) return this.checks.previousHolder(model, target);
    if (version == null) {
      throw new InvalidArgument('version: is left out: only a rollback finds its version by itself', ['version']);
    }
    const found = await this.versions.byNumber(model.id, versionNumber(version));
    if (!found) throw new VersionNotFound(model.fullName, version);
    return found;
  }

  /** Every step of the opening, the later ones also where an earlier one fails. */
  private async attempt(prospect: Prospect): Promise<Pick<Preflight, 'policy' | 'obstacles'>> {
    const { model, version } = prospect;
    const obstacles: Obstacle[] = [];
    const step = async <T>(work: () => Promise<T>): Promise<T | null> => {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        obstacles.push({ code: error.reason, message: error.message });
        return null;
      }
    };
    await step(() => this.access.authorize('REQUEST_PROMOTION', model, 'REGISTERED_MODEL', model.fullName));
    await step(() => this.checks.requireVersion(version, model.fullName));
    const policy = await step(() => this.checks.policyFor(prospect));
    await step(() => this.checks.requireIncumbent(prospect));
    await step(() => this.checks.requireWayBack(prospect));
    await step(() => this.checks.requireNoneOpen(prospect));
    return { policy, obstacles };
  }

  private async approvals(
    { model, version }: Prospect,
    policy: EffectivePolicy | null,
  ): Promise<Pick<Preflight, 'approvals' | 'unfillable'>> {
    if (!policy) return { approvals: [], unfillable: [] };
    const requesterId = this.access.caller().id;
    const reviewers = await this.reviewers.eligible(policy, model);
    const eligible = approversAmong({ effectivePolicy: policy, requesterId }, version, reviewers);
    return {
      approvals: progressOf(policy, [], eligible),
      unfillable: await this.checks.unfillable(policy, { model, version }, requesterId),
    };
  }
}
