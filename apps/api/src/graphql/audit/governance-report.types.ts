import type { GovernanceReport } from '@app/dossier';
import type { GateStatus } from '@app/gates';
import type { ViolationKind } from '@app/promotion';
import { ArgsType, Field, Float, Int, ObjectType } from '@nestjs/graphql';
import { toViolation, ViolationKindEnum, ViolationType } from '../promotion/exception.types.js';
import { GateStatusEnum } from '../promotion/promotion.types.js';

@ArgsType()
export class GovernanceReportArgs {
  @Field(() => Date, { description: 'The first instant that counts' })
  from: Date;
  @Field(() => Date, { description: 'The first instant that no longer counts' })
  to: Date;
  @Field(() => String, {
    nullable: true,
    description: 'The full name of a catalog, a schema or a model; everything when left out',
  })
  within?: string | null;
}

@ObjectType('TransitionWays', { description: 'By which way versions came to hold targets' })
export class TransitionWaysType {
  @Field(() => Int)
  total: number;
  @Field(() => Int, { description: 'By an approved request' })
  byRequest: number;
  @Field(() => Int)
  breakGlass: number;
  @Field(() => Int, { description: 'On a protected target there should be none' })
  direct: number;
}

@ObjectType('TransitionCoverage', { description: 'Moves of stages and aliases onto a version' })
export class TransitionCoverageType {
  @Field(() => Int)
  total: number;
  @Field(() => TransitionWaysType, { description: 'A policy protected the target at that time' })
  protected: TransitionWaysType;
  @Field(() => TransitionWaysType)
  unprotected: TransitionWaysType;
}

@ObjectType('PromotionRequestCounts')
export class PromotionRequestCountsType {
  @Field(() => Int)
  opened: number;
  @Field(() => Int)
  applied: number;
  @Field(() => Int)
  rejected: number;
  @Field(() => Int, { description: 'Cancelled, expired or superseded' })
  otherwiseClosed: number;
  @Field(() => Int, { description: 'Applied, with the digest of their evidence' })
  appliedWithEvidence: number;
  @Field(() => Int, { description: 'Applied, with a signed statement' })
  appliedWithStatement: number;
}

@ObjectType('GateRunCount')
export class GateRunCountType {
  @Field(() => GateStatusEnum)
  status: GateStatus;
  @Field(() => Int)
  count: number;
}

@ObjectType('DecisionCounts')
export class DecisionCountsType {
  @Field(() => Int)
  approve: number;
  @Field(() => Int)
  reject: number;
  @Field(() => Int)
  requestChanges: number;
  @Field(() => Float, {
    nullable: true,
    description: 'From the opening of a request to its first decision, where that fell into the period',
  })
  medianSecondsToFirst: number | null;
}

@ObjectType('UncoveredHolder', { description: 'A version that holds a target which no policy protects now' })
export class UncoveredHolderType {
  @Field({ description: 'catalog.schema.model' })
  model: string;
  @Field({ description: 'stage Production, or alias champion' })
  target: string;
  @Field(() => Int)
  version: number;
}

@ObjectType('HolderCoverage', { description: 'Who holds stage Production or alias champion now' })
export class HolderCoverageType {
  @Field(() => Int)
  total: number;
  @Field(() => Int)
  uncovered: number;
  @Field(() => [UncoveredHolderType], { description: 'The first hundred uncovered ones, by name' })
  holders: UncoveredHolderType[];
}

@ObjectType('BreakGlassReviewCounts')
export class BreakGlassReviewCountsType {
  @Field(() => Int)
  opened: number;
  @Field(() => Int)
  closed: number;
  @Field(() => Int, { description: 'As it is now' })
  open: number;
  @Field(() => Int, { description: 'As it is now' })
  overdue: number;
}

@ObjectType('CheckedCheckpoint', { description: 'The newest checkpoint of the whole log, as the service finds it' })
export class CheckedCheckpointType {
  @Field(() => Int)
  treeSize: number;
  @Field()
  createdAt: Date;
  @Field(() => String, { nullable: true, description: 'null: its signature holds, and its root is that of the hashes' })
  problem: string | null;
}

@ObjectType('SealingState', { description: 'Of the events of the period' })
export class SealingStateType {
  @Field(() => Int)
  events: number;
  @Field(() => Int)
  refusals: number;
  @Field(() => Int)
  sealed: number;
  @Field(() => CheckedCheckpointType, { nullable: true })
  checkpoint: CheckedCheckpointType | null;
}

@ObjectType('ViolationCount')
export class ViolationCountType {
  @Field(() => ViolationKindEnum)
  kind: ViolationKind;
  @Field(() => Int)
  count: number;
}

@ObjectType('ReportedViolations')
export class ReportedViolationsType {
  @Field(() => [ViolationCountType], { description: 'Kinds that there are none of are left out' })
  counts: ViolationCountType[];
  @Field(() => [ViolationType], { description: 'The newest hundred; violations has all' })
  newest: ViolationType[];
}

@ObjectType('GovernanceReport', { description: 'How far the moves of a period were governed: docs/dossier.md' })
export class GovernanceReportType {
  @Field()
  madeAt: Date;
  @Field(() => TransitionCoverageType)
  transitions: TransitionCoverageType;
  @Field(() => PromotionRequestCountsType)
  requests: PromotionRequestCountsType;
  @Field(() => [GateRunCountType], { description: 'Runs that ended in the period' })
  gates: GateRunCountType[];
  @Field(() => DecisionCountsType)
  decisions: DecisionCountsType;
  @Field(() => HolderCoverageType)
  holders: HolderCoverageType;
  @Field(() => BreakGlassReviewCountsType)
  reviews: BreakGlassReviewCountsType;
  @Field(() => SealingStateType)
  audit: SealingStateType;
  @Field(() => ReportedViolationsType)
  violations: ReportedViolationsType;
}

export const toGovernanceReport = ({ violations, ...report }: GovernanceReport): GovernanceReportType => ({
  ...report,
  violations: { counts: violations.counts, newest: violations.newest.map(toViolation) },
});
