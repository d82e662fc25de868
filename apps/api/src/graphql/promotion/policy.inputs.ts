import type { SecurableKind } from '@app/access';
import { InvalidArgument } from '@app/platform';
import type { GateType, PolicyRules, Stage } from '@app/policy';
import { Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { StageEnum } from '../registry/registry.types.js';
import { MutationInput, MutationPayload } from '../schema/mutation.js';
import { SecurableRefInput } from '../schema/securable-ref.input.js';
import { GateConfigurationsInput } from './gate-configuration.inputs.js';
import { configurationName, GateTypeEnum } from './gate-configuration.types.js';
import { PolicyType, RollbackGatesEnum } from './policy.types.js';

@InputType('ProtectedTargetsInput')
export class ProtectedTargetsInput {
  @Field(() => [StageEnum], { defaultValue: [] })
  stages: Stage[];
  @Field(() => [String], {
    defaultValue: [],
    description: 'Aliases, in which "*" stands for any characters: champion, prod-*',
  })
  aliases: string[];
}

@InputType('PolicyGateInput', { description: 'A gate, with the configuration of its type' })
export class PolicyGateInput extends GateConfigurationsInput {
  @Field()
  key: string;
  @Field(() => GateTypeEnum)
  type: GateType;
  @Field({ defaultValue: true })
  required: boolean;
  @Field(() => Int, { defaultValue: 600 })
  timeoutSeconds: number;
  @Field(() => Int, { defaultValue: 3 })
  attempts: number;
}

@InputType('ApprovalRuleInput')
export class ApprovalRuleInput {
  @Field()
  name: string;
  @Field(() => Int)
  count: number;
  @Field(() => [String], { description: 'Names of groups, users and service principals' })
  approvers: string[];
}

@InputType('RollbackRulesInput')
export class RollbackRulesInput {
  @Field(() => RollbackGatesEnum, { defaultValue: 'INTEGRITY' })
  gates: PolicyRules['rollback']['gates'];
  @Field(() => [ApprovalRuleInput], { nullable: true, description: 'Left out: the approval rules of a promotion' })
  approvals?: ApprovalRuleInput[] | null;
}

@InputType('SeparationOfDutiesInput')
export class SeparationOfDutiesInput {
  @Field({ defaultValue: true })
  requester: boolean;
  @Field({ defaultValue: true })
  versionCreator: boolean;
  @Field({ defaultValue: true })
  runUser: boolean;
}

@InputType('PolicyRulesInput')
export class PolicyRulesInput {
  @Field(() => ProtectedTargetsInput)
  protects: ProtectedTargetsInput;
  @Field(() => [PolicyGateInput], { defaultValue: [] })
  gates: PolicyGateInput[];
  @Field(() => [ApprovalRuleInput], { defaultValue: [] })
  approvals: ApprovalRuleInput[];
  @Field(() => RollbackRulesInput, { nullable: true, description: 'What is asked of the way back' })
  rollback?: RollbackRulesInput | null;
  @Field(() => SeparationOfDutiesInput, { nullable: true, description: 'All on when left out' })
  separationOfDuties?: SeparationOfDutiesInput | null;
  @Field(() => Int, { defaultValue: 0 })
  waitSeconds: number;
  @Field(() => Int, { nullable: true })
  expiresAfterSeconds?: number | null;
  @Field({ defaultValue: true })
  archiveIncumbent: boolean;
  @Field({ defaultValue: true })
  dismissStaleDecisions: boolean;
  @Field({ defaultValue: false })
  dryRun: boolean;
}

/** A securable that a policy can hang on. */
export type OnInput = SecurableRefInput & { kind: Exclude<SecurableKind, 'EXPERIMENT'> };

@InputType()
export class PolicyCreateInput extends MutationInput {
  @Field(() => SecurableRefInput, { description: 'The metastore, a catalog, a schema or a model' })
  on: OnInput;
  @Field()
  name: string;
  @Field(() => PolicyRulesInput)
  rules: PolicyRulesInput;
  @Field(() => String, { nullable: true })
  reason?: string | null;
}

@InputType()
export class PolicyReviseInput extends MutationInput {
  @Field(() => ID)
  policyId: string;
  @Field(() => PolicyRulesInput)
  rules: PolicyRulesInput;
  @Field()
  reason: string;
  @Field(() => Int, {
    nullable: true,
    description: 'The revision that you have seen; another current one is a conflict',
  })
  expectedRevision?: number | null;
}

@InputType()
export class PolicyRetireInput extends MutationInput {
  @Field(() => ID)
  policyId: string;
  @Field()
  reason: string;
}

@ObjectType()
export class PolicyPayload extends MutationPayload {
  @Field(() => PolicyType, { nullable: true })
  policy?: PolicyType | null;
}

/** Without what is null, also within lists: it is not given, and the default of libs/policy holds. */
const present = (object: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(object)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => [name, Array.isArray(value) ? value.map(presentElement) : value]),
  );
const presentElement = (element: unknown): unknown =>
  typeof element === 'object' && element !== null ? present(element) : element;

/** The names of everybody whom the rules name. */
export const approversIn = ({ approvals, rollback }: PolicyRulesInput): string[] =>
  [...approvals, ...(rollback?.approvals ?? [])].flatMap(({ approvers }) => approvers);

/** The rules as libs/policy checks them. */
export function rulesOf(input: PolicyRulesInput, idOf: (approver: string) => string): unknown {
  const gates = input.gates.map(({ key, type, required, timeoutSeconds, attempts, ...configurations }) => {
    const given = present(configurations);
    const { [configurationName(type)]: config = {}, ...others } = given as Record<string, object>;
    // A configuration of another type is handed on under its own name, and refused there by its path.
    return { key, type, required, timeoutSeconds, attempts, config: present(config), ...others };
  });
  const toRule = ({ name, count, approvers }: ApprovalRuleInput) => ({
    name,
    count,
    principalIds: approvers.map(idOf),
  });
  const rollback = input.rollback && { ...input.rollback, approvals: input.rollback.approvals?.map(toRule) ?? null };
  return present({ ...input, gates, approvals: input.approvals.map(toRule), rollback });
}

/**
 * Does what takes the rules. A refusal of a gate's configuration names it by the field that the client wrote it in.
 * @throws InvalidArgument
 */
export async function namingFieldsOf<Value>({ gates }: PolicyRulesInput, work: () => Promise<Value>): Promise<Value> {
  const written = (text: string) =>
    text.replace(/\brules\.gates\.(\d+)\.config\b/g, (whole, index) => {
      const gate = gates[Number(index)];
      return gate ? `rules.gates.${index}.${configurationName(gate.type)}` : whole;
    });
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InvalidArgument)) throw error;
    throw new InvalidArgument(written(error.message), error.path && written(error.path.join('.')).split('.'));
  }
}
