import {
  type ApprovalRule,
  type GateType,
  type Policy,
  type PolicyGate,
  type PolicyRevision,
  type PolicyRules,
  rollbackGates,
  type Stage,
} from '@app/policy';
import { Field, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { StageEnum } from '../registry/registry.types.js';
import { connectionType } from '../schema/connection.js';
import { enumOf } from '../schema/enum.js';
import { globalId, NodeInterface } from '../schema/node.js';
import { configurationField, GateConfigurationsType, GateTypeEnum } from './gate-configuration.types.js';

@ObjectType('ProtectedTargets')
export class ProtectedTargetsType {
  @Field(() => [StageEnum])
  stages: Stage[];
  @Field(() => [String], { description: 'Aliases, in which "*" stands for any characters' })
  aliases: string[];
}

@ObjectType('PolicyGate', { description: 'A gate that a policy demands' })
export class PolicyGateType extends GateConfigurationsType {
  @Field({ description: 'Its name within the policy' })
  key: string;
  @Field(() => GateTypeEnum)
  type: GateType;
  @Field({ description: 'An advisory gate is run and shown, and stops nothing' })
  required: boolean;
  @Field(() => Int)
  timeoutSeconds: number;
  @Field(() => Int, { description: 'Tries after errors of the machine; a judgement is never tried again' })
  attempts: number;
}

@ObjectType('ApprovalRule', { description: 'How many of whom must approve. A person fills one place in one rule' })
export class ApprovalRuleType {
  approverIds: string[];

  @Field()
  name: string;
  @Field(() => Int)
  count: number;
}

export const RollbackGatesEnum = enumOf<PolicyRules['rollback']['gates']>(rollbackGates);
registerEnumType(RollbackGatesEnum, {
  name: 'RollbackGates',
  valuesMap: {
    INTEGRITY: { description: 'The gates that look at the files; when no policy has one, one is added' },
    ALL: { description: 'Every gate of the policy' },
  },
});

@ObjectType('RollbackRules', { description: 'What is asked of a request for the way back' })
export class RollbackRulesType {
  @Field(() => RollbackGatesEnum)
  gates: PolicyRules['rollback']['gates'];
  @Field(() => [ApprovalRuleType], { nullable: true, description: 'null: the approval rules of a promotion' })
  approvals: ApprovalRuleType[] | null;
}

@ObjectType('SeparationOfDuties', { description: 'Who may not approve' })
export class SeparationOfDutiesType {
  @Field()
  requester: boolean;
  @Field()
  versionCreator: boolean;
  @Field({ description: 'The principal of the training run' })
  runUser: boolean;
}

@ObjectType('PolicyRules')
export class PolicyRulesType {
  @Field(() => ProtectedTargetsType)
  protects: ProtectedTargetsType;
  @Field(() => [PolicyGateType])
  gates: PolicyGateType[];
  @Field(() => [ApprovalRuleType])
  approvals: ApprovalRuleType[];
  @Field(() => RollbackRulesType)
  rollback: RollbackRulesType;
  @Field(() => SeparationOfDutiesType)
  separationOfDuties: SeparationOfDutiesType;
  @Field(() => Int, { description: 'Seconds between the last approval and the move' })
  waitSeconds: number;
  @Field(() => Int, { nullable: true, description: 'Seconds after which an open request expires' })
  expiresAfterSeconds: number | null;
  @Field({ description: 'The holder of a stage is archived when another takes it' })
  archiveIncumbent: boolean;
  @Field({ description: 'A decision on evidence that has changed since does not count' })
  dismissStaleDecisions: boolean;
  @Field({ description: 'Evaluated and recorded, and stops nothing' })
  dryRun: boolean;
}

@ObjectType('Policy', { implements: NodeInterface, description: 'A promotion policy on a securable, as it stands now' })
export class PolicyType implements NodeInterface {
  source: Policy;

  @Field(() => ID)
  id: string;
  @Field()
  name: string;
  @Field(() => Int, { description: 'The current revision' })
  revision: number;
  @Field(() => PolicyRulesType)
  rules: PolicyRulesType;
  @Field()
  createdAt: Date;
  @Field(() => Date, { nullable: true, description: 'Since when it protects nothing more' })
  retiredAt: Date | null;
}

@ObjectType('PolicyRevision', {
  implements: NodeInterface,
  description: 'What a policy said at one time. Never changed',
})
export class PolicyRevisionType implements NodeInterface {
  source: PolicyRevision;

  @Field(() => ID)
  id: string;
  @Field(() => Int)
  revision: number;
  @Field(() => PolicyRulesType)
  rules: PolicyRulesType;
  @Field(() => String, { nullable: true })
  reason: string | null;
  @Field()
  createdAt: Date;
}

export const PolicyConnection = connectionType('Policy', () => PolicyType);
export const PolicyRevisionConnection = connectionType('PolicyRevision', () => PolicyRevisionType);

export const toApprovalRule = ({ name, count, principalIds }: ApprovalRule): ApprovalRuleType => ({
  name,
  count,
  approverIds: principalIds,
});

export const toPolicyGate = ({ config, ...gate }: PolicyGate): PolicyGateType => ({
  ...gate,
  ...configurationField(gate.type, config),
});

const toRules = (rules: PolicyRules): PolicyRulesType => ({
  ...rules,
  gates: rules.gates.map(toPolicyGate),
  approvals: rules.approvals.map(toApprovalRule),
  rollback: { gates: rules.rollback.gates, approvals: rules.rollback.approvals?.map(toApprovalRule) ?? null },
});

export const toPolicy = (source: Policy): PolicyType => ({
  source,
  id: globalId('Policy', source.id),
  name: source.name,
  revision: source.currentRevision,
  rules: toRules(source.rules),
  createdAt: source.createdAt,
  retiredAt: source.retiredAt,
});

export const toPolicyRevision = (source: PolicyRevision): PolicyRevisionType => ({
  source,
  id: globalId('PolicyRevision', source.id),
  revision: source.revision,
  rules: toRules(source.rules),
  reason: source.reason,
  createdAt: source.createdAt,
});
