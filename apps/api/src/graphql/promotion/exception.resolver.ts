import {
  BreakGlass,
  BreakGlassReviewReader,
  BreakGlassReviews,
  GateWaivers,
  showingRequests,
  ViolationReader,
} from '@app/promotion';
import { Args, Context, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Inherits, Open, Requires } from '../../http/requires.js';
import { PrincipalType, principalsAreKnown, toPrincipal } from '../access/principal.type.js';
import { type Connection, toConnection } from '../schema/connection.js';
import { keyOf } from '../schema/node.js';
import { orNull } from '../schema/or-null.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import { toPromotionRequest } from './convert.js';
import {
  BreakGlassReviewCloseInput,
  BreakGlassReviewConnection,
  BreakGlassReviewPayload,
  BreakGlassReviewsArgs,
  BreakGlassReviewType,
  GateWaiverConfirmInput,
  GateWaiverDeclineInput,
  GateWaiverPayload,
  GateWaiverProposeInput,
  GateWaiverType,
  PromotionBreakGlassInput,
  toGateWaiver,
  toReview,
  toViolation,
  ViolationConnection,
  ViolationsArgs,
  ViolationType,
} from './exception.types.js';
import { PromotionRequestPayload } from './promotion.inputs.js';
import { GateRunType, PromotionRequestType } from './promotion.types.js';

/** Ways past a gate or a policy, each with a second person, and the report of them. */
@Resolver()
export class ExceptionResolver {
  constructor(
    private readonly breakGlass: BreakGlass,
    private readonly reviewReader: BreakGlassReviewReader,
    private readonly reviews: BreakGlassReviews,
    private readonly violationReader: ViolationReader,
    private readonly waivers: GateWaivers,
  ) {}

  @Requires('WAIVE_GATE')
  @Mutation(() => GateWaiverPayload, {
    description:
      'Proposes to waive a gate that blocks a request; nothing changes until somebody else confirms. Needs WAIVE_GATE',
  })
  async gateWaiverPropose(@Args('input') input: GateWaiverProposeInput): Promise<GateWaiverPayload> {
    return { gateWaiver: toGateWaiver(await this.waivers.propose(input)) };
  }

  @Requires('WAIVE_GATE')
  @Mutation(() => PromotionRequestPayload, {
    description:
      'The gate is WAIVED, and the request moves on. For a person with WAIVE_GATE who neither proposed the waiver nor opened the request',
  })
  async gateWaiverConfirm(
    @Args('input') { waiverId, comment }: GateWaiverConfirmInput,
  ): Promise<PromotionRequestPayload> {
    const id = keyOf('GateWaiver', waiverId, 'waiverId');
    return { promotionRequest: toPromotionRequest(await this.waivers.confirm({ id, comment })) };
  }

  @Requires('WAIVE_GATE', ...showingRequests)
  @Mutation(() => GateWaiverPayload, { description: 'For holders of WAIVE_GATE, and for whoever proposed it' })
  async gateWaiverDecline(@Args('input') { waiverId, comment }: GateWaiverDeclineInput): Promise<GateWaiverPayload> {
    const id = keyOf('GateWaiver', waiverId, 'waiverId');
    return { gateWaiver: toGateWaiver(await this.waivers.decline({ id, comment })) };
  }

  @Requires('BREAK_GLASS')
  @Mutation(() => PromotionRequestPayload, {
    description:
      'Moves a protected target at once, past the policy: always recorded, and to be reviewed by somebody else. Needs BREAK_GLASS on the model',
  })
  async promotionBreakGlass(@Args('input') input: PromotionBreakGlassInput): Promise<PromotionRequestPayload> {
    return { promotionRequest: toPromotionRequest(await this.breakGlass.promote(input)) };
  }

  @Requires('APPROVE_PROMOTION')
  @Mutation(() => BreakGlassReviewPayload, {
    description:
      'For a person with APPROVE_PROMOTION on the model, or where it stood when it was deleted, who did not promote. It moves nothing back',
  })
  async breakGlassReviewClose(@Args('input') input: BreakGlassReviewCloseInput): Promise<BreakGlassReviewPayload> {
    return { breakGlassReview: toReview(await this.reviews.close(input)) };
  }

  @Requires(...showingRequests)
  @Query(() => BreakGlassReviewConnection, {
    description: 'The one that is due first comes first; where the model is gone, they are for whoever may close them',
  })
  async breakGlassReviews(
    @Args() { filter, ...page }: BreakGlassReviewsArgs,
  ): Promise<Connection<BreakGlassReviewType>> {
    const found = await this.reviewReader.list(filter ?? {}, page);
    return toConnection(found, toReview, () => this.reviewReader.count(filter ?? {}));
  }

  @Requires('READ_AUDIT')
  @Query(() => ViolationConnection, {
    description:
      'What went, or was to go, another way than the policies ask; the newest first. READ_AUDIT decides which',
  })
  async violations(@Args() { filter, ...page }: ViolationsArgs): Promise<Connection<ViolationType>> {
    const { kind, ...rest } = filter ?? {};
    const asked = { ...rest, kinds: kind };
    const found = await this.violationReader.list(asked, page);
    return toConnection(found, toViolation, () => this.violationReader.count(asked));
  }
}

@Resolver(() => GateRunType)
export class GateRunWaiverFields {
  @Inherits(...showingRequests)
  @ResolveField(() => [GateWaiverType], { description: 'In the order in which they were proposed' })
  async waivers(@Parent() { source }: GateRunType, @Context() { loaders }: GraphqlContext): Promise<GateWaiverType[]> {
    return (await loaders.waiversOfGateRun.load(source.id)).map(toGateWaiver);
  }
}

@Resolver(() => GateWaiverType)
export class GateWaiverFields {
  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true })
  async proposedBy(@Parent() { source }: GateWaiverType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.principal.load(source.proposedBy), toPrincipal);
  }

  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true, description: 'Who confirmed or declined it' })
  async decidedBy(@Parent() { source }: GateWaiverType, @Context() { loaders }: GraphqlContext) {
    return source.decidedBy ? orNull(await loaders.principal.load(source.decidedBy), toPrincipal) : null;
  }
}

@Resolver(() => PromotionRequestType)
export class PromotionRequestReviewFields {
  @Requires(...showingRequests)
  @ResolveField(() => BreakGlassReviewType, { nullable: true, description: 'null when it went the way of the policy' })
  async breakGlassReview(@Parent() { source }: PromotionRequestType, @Context() { loaders }: GraphqlContext) {
    return source.kind === 'BREAK_GLASS' ? orNull(await loaders.reviewOfRequest.load(source.id), toReview) : null;
  }
}

@Resolver(() => BreakGlassReviewType)
export class BreakGlassReviewFields {
  @Requires(...showingRequests)
  @ResolveField(() => PromotionRequestType, { nullable: true, description: 'null where the model is gone' })
  async promotionRequest(@Parent() { requestId }: BreakGlassReviewType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.promotionRequest.load(requestId), toPromotionRequest);
  }

  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true, description: 'Who promoted' })
  async actor(@Parent() { actorId }: BreakGlassReviewType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.principal.load(actorId), toPrincipal);
  }

  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true, description: 'Who reviewed' })
  async reviewer(@Parent() { closedBy }: BreakGlassReviewType, @Context() { loaders }: GraphqlContext) {
    return closedBy ? orNull(await loaders.principal.load(closedBy), toPrincipal) : null;
  }
}

@Resolver(() => ViolationType)
export class ViolationFields {
  @Requires(...showingRequests)
  @ResolveField(() => PromotionRequestType, {
    nullable: true,
    description: 'null for what was refused, and where the model is gone',
  })
  async promotionRequest(@Parent() { source }: ViolationType, @Context() { loaders }: GraphqlContext) {
    return source.requestId ? orNull(await loaders.promotionRequest.load(source.requestId), toPromotionRequest) : null;
  }

  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true })
  async actor(@Parent() { source }: ViolationType, @Context() { loaders }: GraphqlContext) {
    return source.actorId ? orNull(await loaders.principal.load(source.actorId), toPrincipal) : null;
  }
}
