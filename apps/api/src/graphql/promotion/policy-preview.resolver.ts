import { PolicyReader } from '@app/policy';
import { PolicyReplays, Preflights, showingRequests } from '@app/promotion';
import { Args, Int, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Requires } from '../../http/requires.js';
import type { TargetKindEnum } from '../registry/registry.types.js';
import { keyOf } from '../schema/node.js';
import { toApprovalProgress, toPromotionRequest } from './convert.js';
import { PolicyRevisionType } from './policy.types.js';
import { PolicyDrafts } from './policy-drafts.js';
import {
  PolicyChangeType,
  PolicyPreviewArgs,
  PolicyPreviewType,
  PolicyReplayInput,
  PolicyReplayType,
  PromotionPreflightArgs,
  PromotionPreflightType,
  toEffectivePolicy,
  toPolicyPreview,
} from './policy-preview.types.js';

/** Questions about policies before they meet a request. */
@Resolver()
export class PolicyPreviewResolver {
  constructor(
    private readonly drafts: PolicyDrafts,
    private readonly preflights: Preflights,
    private readonly reader: PolicyReader,
    private readonly replays: PolicyReplays,
  ) {}

  @Requires('DISCOVER')
  @Query(() => PolicyPreviewType, {
    nullable: true,
    description:
      'What protects a target of a model. A promotion to a stage is also under the policies of the stages that it empties: see promotionPreflight',
  })
  async policyPreview(@Args() { fullName, target, kind }: PolicyPreviewArgs): Promise<PolicyPreviewType> {
    return toPolicyPreview(await this.reader.preview(fullName, target, kind));
  }

  @Requires(...showingRequests)
  @Query(() => PromotionPreflightType, {
    nullable: true,
    description: 'The gates that would run, who could approve, and what is missing, before a request exists',
  })
  async promotionPreflight(@Args() asked: PromotionPreflightArgs): Promise<PromotionPreflightType> {
    const source = await this.preflights.of(asked);
    const { kind, version, target, incumbent, policy, approvals, unfillable, obstacles } = source;
    return {
      source,
      kind,
      versionNumber: version.number,
      target: { kind: target.kind as TargetKindEnum, name: target.name },
      incumbentVersionNumber: incumbent?.number ?? null,
      policy: policy && toEffectivePolicy(policy),
      approvals: approvals.map(toApprovalProgress),
      unfillable,
      viewerMayOpen: obstacles.length === 0,
      obstacles,
    };
  }

  @Requires('MANAGE_POLICY')
  @Query(() => PolicyReplayType, {
    nullable: true,
    description:
      'Decides the last applied and rejected requests again, as if the draft had been in force: with the judgements of then, and the rights of now. Needs MANAGE_POLICY on the securable',
  })
  async policyReplay(@Args('input') input: PolicyReplayInput): Promise<PolicyReplayType> {
    const { on, last } = input;
    const replaces = input.replaces == null ? null : keyOf('Policy', input.replaces, 'replaces');
    const rules = await this.drafts.rulesOf(input.rules);
    const { considered, differing } = await this.replays.run({ on, rules, replaces }, last);
    return {
      considered,
      differing: differing.map(({ request, outcome, reasons }) => ({
        promotionRequest: toPromotionRequest(request),
        outcome,
        reasons,
      })),
    };
  }
}

@Resolver(() => PolicyRevisionType)
export class PolicyRevisionDifference {
  constructor(private readonly reader: PolicyReader) {}

  @Requires('DISCOVER')
  @ResolveField(() => [PolicyChangeType], {
    description: 'What changed from this revision to another of the same policy',
  })
  diff(
    @Parent() { source }: PolicyRevisionType,
    @Args('to', { type: () => Int }) to: number,
  ): Promise<PolicyChangeType[]> {
    return this.reader.difference(source.policyId, { from: source.revision, to });
  }
}
