import type { Securable } from '@app/access';
import type { EffectivePolicy, PromotionKind, Target } from '@app/policy';
import { type ModelVersion, Targets, VersionNotFound, VersionNotReady, VersionRecords } from '@app/registry';
import { Injectable } from '@nestjs/common';
import {
  AlreadyHolds,
  IncumbentChanged,
  NoArtifactDigest,
  NothingToRollBackTo,
  NotThePreviousHolder,
  RequestAlreadyOpen,
  TargetNotProtected,
} from '../promotion.errors.js';
import { describeRequest } from '../promotion-request.js';
import { PromotionRequestRepository } from '../promotion-request.repository.js';
import { approversAmong, ruleProgress } from '../review/review.js';
import { Reviewers } from '../review/reviewers.js';
import { PromotionPolicies } from './promotion-policies.js';

/** What a request is to be opened for. */
export interface Prospect {
  kind: PromotionKind;
  model: Securable;
  target: Target;
  version: ModelVersion;
}

/** A binding rule that not enough people could fill, even if everybody eligible approved. */
export interface UnfillableRule {
  rule: string;
  need: number;
  most: number;
}

export const describeUnfillable = ({ rule, need, most }: UnfillableRule): string =>
  `rule "${rule}" needs ${need} to approve, and only ${most} could`;

/** What must hold for a request to be opened: asked before, under the lock, and by whoever wants to know beforehand. */
@Injectable()
export class OpeningChecks {
  constructor(
    private readonly policies: PromotionPolicies,
    private readonly requests: PromotionRequestRepository,
    private readonly reviewers: Reviewers,
    private readonly targets: Targets,
    private readonly versions: VersionRecords,
  ) {}

  /** @throws TargetNotProtected */
  async policyFor({ kind, model, target, version }: Prospect): Promise<EffectivePolicy> {
    const policy = await this.policies.of(model, target, version, kind);
    // Dry-run policies alone protect nothing: a request would only be a way around SET_ALIAS.
    if (policy.policies.every(({ dryRun }) => dryRun)) throw new TargetNotProtected(model.fullName, target);
    return policy;
  }

  /**
   * The version as it is now.
   * @throws VersionNotFound, VersionNotReady, NoArtifactDigest
   */
  async requireVersion({ id, number }: Pick<ModelVersion, 'id' | 'number'>, fullName: string) {
    const version = await this.versions.byId(id);
    if (!version) throw new VersionNotFound(fullName, number);
    if (version.status !== 'READY') throw new VersionNotReady(version);
    const { artifactDigest } = version;
    if (artifactDigest === null) throw new NoArtifactDigest(fullName, number);
    return { ...version, artifactDigest };
  }

  /**
   * Who holds the target now, which is somebody else.
   * @param expected who the caller believes it to be, null for nobody
   * @throws IncumbentChanged, AlreadyHolds
   */
  async requireIncumbent(
    { model, target, version }: Omit<Prospect, 'kind'>,
    expected?: number | null,
  ): Promise<ModelVersion | undefined> {
    const incumbent = await this.targets.holder(model.id, target);
    const number = incumbent?.number ?? null;
    if (expected !== undefined && expected !== number) throw new IncumbentChanged(target, expected, number);
    if (incumbent?.id === version.id) throw new AlreadyHolds(model.fullName, version.number, target);
    return incumbent;
  }

  /** The version that a rollback leads to. @throws NothingToRollBackTo */
  async previousHolder(model: Securable, target: Target): Promise<ModelVersion> {
    const previous = await this.targets.previousHolder(model.id, target);
    if (!previous) throw new NothingToRollBackTo(model.fullName, target);
    return previous;
  }

  /** A rollback leads to the version that held the target directly before, and nowhere else. @throws NothingToRollBackTo, NotThePreviousHolder */
  async requireWayBack({ kind, model, target, version }: Prospect): Promise<void> {
    if (kind !== 'ROLLBACK') return;
    const previous = await this.previousHolder(model, target);
    if (previous.id !== version.id) throw new NotThePreviousHolder(target, version.number, previous.number);
  }

  /** @throws RequestAlreadyOpen */
  async requireNoneOpen({ target, version }: Omit<Prospect, 'kind'>): Promise<void> {
    const open = await this.requests.openFor({ versionId: version.id, target });
    if (open) throw new RequestAlreadyOpen(describeRequest(open), open.number);
  }

  /** The rules of the policy that nobody can fill as things stand now. */
  async unfillable(
    policy: EffectivePolicy,
    { model, version }: Pick<Prospect, 'model' | 'version'>,
    requesterId: string,
  ): Promise<UnfillableRule[]> {
    const eligible = await this.reviewers.eligible(policy, model);
    const asked = { effectivePolicy: policy, requesterId };
    const { filled } = ruleProgress(policy, approversAmong(asked, version, eligible));
    return policy.approvals.flatMap(({ name, count, dryRun }, rule) => {
      const most = filled[rule]?.length ?? 0;
      return dryRun || most >= count ? [] : [{ rule: name, need: count, most }];
    });
  }
}
