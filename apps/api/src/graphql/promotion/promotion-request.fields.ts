import { RequestDetails, showingRequests } from '@app/promotion';
import { Args, Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Open, Requires } from '../../http/requires.js';
import { PrincipalType, principalsAreKnown, toPrincipal } from '../access/principal.type.js';
import { toModelVersion } from '../registry/convert.js';
import { ModelVersionType } from '../registry/registry.types.js';
import { type Connection, ConnectionArgs, toConnection } from '../schema/connection.js';
import { orNull } from '../schema/or-null.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import { toApprovalProgress, toDecision, toGateRun } from './convert.js';
import {
  ApprovalProgressType,
  DecisionConnection,
  DecisionType,
  GateLogConnection,
  GateLogLineType,
  GateRunType,
  PromotionRequestType,
  ViewerDecisionType,
} from './promotion.types.js';

/** What hangs on a promotion request. */
@Resolver(() => PromotionRequestType)
export class PromotionRequestFields {
  constructor(private readonly details: RequestDetails) {}

  @Requires('EXECUTE')
  @ResolveField(() => ModelVersionType, {
    nullable: true,
    description: 'null when it was deleted since, or you may not read it',
  })
  async version(@Parent() { source }: PromotionRequestType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.modelVersion.load(source.versionId), toModelVersion);
  }

  @Requires('EXECUTE')
  @ResolveField(() => ModelVersionType, {
    nullable: true,
    description: 'Who held the target when the request was opened',
  })
  async incumbent(@Parent() { source }: PromotionRequestType, @Context() { loaders }: GraphqlContext) {
    return source.incumbentVersionId
      ? orNull(await loaders.modelVersion.load(source.incumbentVersionId), toModelVersion)
      : null;
  }

  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true })
  async requester(@Parent() { source }: PromotionRequestType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.principal.load(source.requesterId), toPrincipal);
  }

  @Requires(...showingRequests)
  @ResolveField(() => [GateRunType], { description: 'The gates of the latest round' })
  async gates(
    @Parent() { source }: PromotionRequestType,
    @Context() { loaders }: GraphqlContext,
  ): Promise<GateRunType[]> {
    return (await loaders.gateRunsOfRequest.load(source.id)).map(toGateRun);
  }

  @Requires(...showingRequests)
  @ResolveField(() => DecisionConnection, { description: 'In the order in which they were made' })
  async decisions(
    @Parent() { source }: PromotionRequestType,
    @Args() page: ConnectionArgs,
  ): Promise<Connection<DecisionType>> {
    const found = await this.details.decisions(source.number, page);
    return toConnection(found, toDecision, () => this.details.countDecisions(source.number));
  }

  @Requires(...showingRequests)
  @ResolveField(() => [ApprovalProgressType], {
    description: 'How far each approval rule is, as rights and memberships stand now',
  })
  async approvals(
    @Parent() { source }: PromotionRequestType,
    @Context() { loaders }: GraphqlContext,
  ): Promise<ApprovalProgressType[]> {
    return ((await loaders.approvalsOfRequest.load(source.id))?.rules ?? []).map(toApprovalProgress);
  }

  @Requires(...showingRequests)
  @ResolveField(() => ViewerDecisionType)
  async viewerDecision(@Parent() { source }: PromotionRequestType, @Context() { loaders }: GraphqlContext) {
    return loaders.viewerDecision.load(source.id);
  }
}

@Resolver(() => GateRunType)
export class GateRunFields {
  constructor(private readonly details: RequestDetails) {}

  @Requires(...showingRequests)
  @ResolveField(() => GateLogConnection, { description: 'Readable while the gate runs' })
  async logs(
    @Parent() { source }: GateRunType,
    @Args() page: ConnectionArgs,
  ): Promise<Omit<Connection<GateLogLineType>, 'totalCount'>> {
    const { edges, nodes, pageInfo } = toConnection(
      await this.details.gateLog(source.id, page),
      (line) => line,
      async () => 0,
    );
    return { edges, nodes, pageInfo };
  }
}

@Resolver(() => DecisionType)
export class DecisionFields {
  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true, description: 'The reviewer' })
  async actor(@Parent() { principalId }: DecisionType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.principal.load(principalId), toPrincipal);
  }
}

@Resolver(() => ApprovalProgressType)
export class ApprovalProgressFields {
  @Open(principalsAreKnown)
  @ResolveField(() => [PrincipalType], { description: 'Who fills its places now' })
  counted(@Parent() { countedIds }: ApprovalProgressType, @Context() context: GraphqlContext) {
    return principalsOf(countedIds, context);
  }

  @Open(principalsAreKnown)
  @ResolveField(() => [PrincipalType], { description: 'Who could fill one' })
  eligible(@Parent() { eligibleIds }: ApprovalProgressType, @Context() context: GraphqlContext) {
    return principalsOf(eligibleIds, context);
  }
}

async function principalsOf(ids: string[], { loaders }: GraphqlContext): Promise<PrincipalType[]> {
  const found = await Promise.all(ids.map((id) => loaders.principal.load(id)));
  return found.filter((principal) => principal !== null).map(toPrincipal);
}
