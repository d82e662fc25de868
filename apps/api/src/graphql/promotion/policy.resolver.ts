import { Policies, PolicyReader } from '@app/policy';
import type { OnModuleInit } from '@nestjs/common';
import { Args, Context, Mutation, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Open, Requires } from '../../http/requires.js';
import { PrincipalType, principalsAreKnown, toPrincipal } from '../access/principal.type.js';
import { type Connection, ConnectionArgs, toConnection } from '../schema/connection.js';
import { keyOf } from '../schema/node.js';
import { orNull } from '../schema/or-null.js';
import { SecurableType } from '../schema/securable.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import { NodeRegistry } from '../server/node-registry.js';
import {
  namingFieldsOf,
  PolicyCreateInput,
  PolicyPayload,
  PolicyRetireInput,
  PolicyReviseInput,
} from './policy.inputs.js';
import {
  ApprovalRuleType,
  PolicyConnection,
  PolicyRevisionConnection,
  PolicyRevisionType,
  PolicyType,
  toPolicy,
  toPolicyRevision,
} from './policy.types.js';
import { PolicyDrafts } from './policy-drafts.js';

@Resolver(() => PolicyType)
export class PolicyResolver implements OnModuleInit {
  constructor(
    private readonly drafts: PolicyDrafts,
    private readonly policies: Policies,
    private readonly reader: PolicyReader,
    private readonly registry: NodeRegistry,
  ) {}

  onModuleInit(): void {
    this.registry.register('Policy', { questions: ['DISCOVER'] }, async (id) => toPolicy(await this.reader.get(id)));
  }

  @Requires('MANAGE_POLICY')
  @Mutation(() => PolicyPayload, { description: 'Needs MANAGE_POLICY on the securable' })
  async policyCreate(@Args('input') { on, name, rules, reason }: PolicyCreateInput): Promise<PolicyPayload> {
    return namingFieldsOf(rules, async () => ({
      policy: toPolicy(await this.policies.create({ on, name, rules: await this.drafts.rulesOf(rules), reason })),
    }));
  }

  @Requires('MANAGE_POLICY')
  @Mutation(() => PolicyPayload, { description: 'A new immutable revision. Needs MANAGE_POLICY on the securable' })
  async policyRevise(
    @Args('input') { policyId, rules, reason, expectedRevision }: PolicyReviseInput,
  ): Promise<PolicyPayload> {
    const id = keyOf('Policy', policyId, 'policyId');
    return namingFieldsOf(rules, async () => ({
      policy: toPolicy(
        await this.policies.revise({ id, rules: await this.drafts.rulesOf(rules), reason, expectedRevision }),
      ),
    }));
  }

  @Requires('MANAGE_POLICY')
  @Mutation(() => PolicyPayload, {
    description: 'It protects nothing more; its revisions stay. Needs MANAGE_POLICY on the securable',
  })
  async policyRetire(@Args('input') { policyId, reason }: PolicyRetireInput): Promise<PolicyPayload> {
    return { policy: toPolicy(await this.policies.retire({ id: keyOf('Policy', policyId, 'policyId'), reason })) };
  }

  @Requires('DISCOVER')
  @ResolveField(() => PolicyRevisionConnection, { description: 'The newest first' })
  async revisions(
    @Parent() { source }: PolicyType,
    @Args() page: ConnectionArgs,
  ): Promise<Connection<PolicyRevisionType>> {
    const found = await this.reader.revisions(source.id, page);
    return toConnection(found, toPolicyRevision, async () => source.currentRevision);
  }
}

@Resolver(() => PolicyRevisionType)
export class PolicyRevisionFields {
  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true })
  async author(@Parent() { source }: PolicyRevisionType, @Context() { loaders }: GraphqlContext) {
    return source.createdBy ? orNull(await loaders.principal.load(source.createdBy), toPrincipal) : null;
  }
}

@Resolver(() => ApprovalRuleType)
export class ApprovalRuleFields {
  @Open(principalsAreKnown)
  @ResolveField(() => [PrincipalType], { description: 'Users, service principals and groups who may fill a place' })
  async approvers(
    @Parent() { approverIds }: ApprovalRuleType,
    @Context() { loaders }: GraphqlContext,
  ): Promise<PrincipalType[]> {
    const found = await Promise.all(approverIds.map((id) => loaders.principal.load(id)));
    return found.filter((principal) => principal !== null).map(toPrincipal);
  }
}

/** The policies on a securable. */
@Resolver(() => SecurableType)
export class SecurablePolicyFields {
  constructor(private readonly reader: PolicyReader) {}

  @Requires('DISCOVER')
  @ResolveField('policies', () => PolicyConnection, {
    nullable: true,
    description: 'Live and retired, by name; null on experiments, which have none',
  })
  async policiesOn(
    @Parent() { source }: SecurableType,
    @Args() page: ConnectionArgs,
  ): Promise<Connection<PolicyType> | null> {
    const { kind, fullName } = source;
    if (kind === 'EXPERIMENT') return null;
    const place = { kind, fullName };
    return toConnection(await this.reader.on(place, page), toPolicy, () => this.reader.countOn(place));
  }
}
