import { SecurableRepository } from '@app/access';
import { GateRuns } from '@app/gates';
import { InvalidArgument } from '@app/platform';
import { effectivePolicy, type NewPolicyDraft, Policies, type PolicyDraft, withDraft } from '@app/policy';
import { VersionRecords } from '@app/registry';
import { Injectable } from '@nestjs/common';
import type { PromotionRequest } from '../promotion-request.js';
import { PromotionRequestRepository } from '../promotion-request.repository.js';
import { DecisionRepository } from '../review/decision.repository.js';
import type { Decision, Reviewer } from '../review/review.js';
import { Reviewers } from '../review/reviewers.js';
import { VisibleRequests } from '../visible-requests.js';
import { type Replay, replay } from './policy-replay.js';

/** How many decided requests one replay looks at. */
const mostRequests = 200;

export interface ReplayedRequest extends Replay {
  request: PromotionRequest;
}

/** A draft policy over requests that were decided without it. */
@Injectable()
export class PolicyReplays {
  constructor(
    private readonly decisions: DecisionRepository,
    private readonly gates: GateRuns,
    private readonly policies: Policies,
    private readonly requests: PromotionRequestRepository,
    private readonly reviewers: Reviewers,
    private readonly securables: SecurableRepository,
    private readonly versions: VersionRecords,
    private readonly visible: VisibleRequests,
  ) {}

  /**
   * Decides the last requests below the draft's securable again, those that the caller may see. Needs MANAGE_POLICY there.
   * @param last how many requests, 1 to 200: those that were applied or rejected, the newest first
   * @returns how many were looked at, and those that would not have ended as they did
   * @throws NotFound, PermissionDenied; InvalidArgument naming the field of the rules that is wrong
   */
  async run(input: NewPolicyDraft, last: number): Promise<{ considered: number; differing: ReplayedRequest[] }> {
    if (!Number.isInteger(last) || last < 1 || last > mostRequests) {
      throw new InvalidArgument(`last: ${last} is not between 1 and ${mostRequests}`, ['last']);
    }
    const draft = await this.policies.draft(input);
    const requests = await this.requests.lastDecidedBelow(draft.on.id, await this.visible.where('s'), last);
    const replayed = await this.replayAll(draft, requests);
    return {
      considered: requests.length,
      differing: replayed.filter(({ request, outcome }) => request.state !== outcome),
    };
  }

  private async replayAll(draft: PolicyDraft, requests: readonly PromotionRequest[]): Promise<ReplayedRequest[]> {
    const ids = requests.map(({ id }) => id);
    const pinned = await this.policies.pinned(requests.map(({ effectivePolicy: { policies } }) => policies));
    const gateRuns = await this.gates.ofRequests(ids);
    const decisions = await this.decisions.standingOf(ids);
    const versions = await this.versions.byIds(requests.map(({ versionId }) => versionId));
    const reviewers = await this.reviewersOf(requests, decisions);
    return requests.map((request, index) => {
      const policy = effectivePolicy(withDraft(pinned[index] ?? [], request.target, draft), request.kind);
      return {
        request,
        ...replay(request, policy, {
          gateRuns: gateRuns.filter(({ requestId }) => requestId === request.id),
          decisions: decisions.filter(({ requestId }) => requestId === request.id),
          makers: versions.find(({ id }) => id === request.versionId) ?? { createdBy: null, runPrincipalId: null },
          reviewers: reviewers.get(request.modelId) ?? [],
        }),
      };
    });
  }

  /** For each model, everybody who decided on one of its requests. */
  private async reviewersOf(
    requests: readonly PromotionRequest[],
    decisions: readonly Decision[],
  ): Promise<Map<string, Reviewer[]>> {
    const found = new Map<string, Reviewer[]>();
    for (const model of await this.securables.byIds([...new Set(requests.map(({ modelId }) => modelId))])) {
      const about = requests.filter(({ modelId }) => modelId === model.id).map(({ id }) => id);
      const people = decisions.flatMap(({ requestId, principalId }) => (about.includes(requestId) ? principalId : []));
      found.set(model.id, await this.reviewers.all(people, model));
    }
    return found;
  }
}
