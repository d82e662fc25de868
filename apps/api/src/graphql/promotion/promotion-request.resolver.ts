import { Principals } from '@app/identity';
import { Decisions, PromotionRequestReader, PromotionRequests, showingRequests } from '@app/promotion';
import type { OnModuleInit } from '@nestjs/common';
import { Args, Int, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Requires } from '../../http/requires.js';
import { type Connection, toConnection } from '../schema/connection.js';
import { NodeRegistry } from '../server/node-registry.js';
import { toDecision, toPromotionRequest } from './convert.js';
import {
  PromotionRequestCreateInput,
  PromotionRequestDecideInput,
  PromotionRequestDecidePayload,
  PromotionRequestPayload,
  PromotionRequestReasonInput,
  PromotionRequestRefInput,
  PromotionRequestResubmitInput,
  PromotionRequestRollbackInput,
  PromotionRequestsArgs,
} from './promotion.inputs.js';
import { PromotionRequestConnection, PromotionRequestType } from './promotion.types.js';

@Resolver(() => PromotionRequestType)
export class PromotionRequestResolver implements OnModuleInit {
  constructor(
    private readonly decisions: Decisions,
    private readonly principals: Principals,
    private readonly reader: PromotionRequestReader,
    private readonly registry: NodeRegistry,
    private readonly requests: PromotionRequests,
  ) {}

  onModuleInit(): void {
    this.registry.register('PromotionRequest', { questions: showingRequests }, async (id) =>
      toPromotionRequest(await this.reader.get(id)),
    );
  }

  @Requires(...showingRequests)
  @Query(() => PromotionRequestType, { nullable: true })
  async promotionRequest(@Args('number', { type: () => Int }) number: number): Promise<PromotionRequestType> {
    return toPromotionRequest(await this.reader.byNumber(number));
  }

  @Requires(...showingRequests)
  @Query(() => PromotionRequestConnection, { description: 'The newest first' })
  async promotionRequests(
    @Args() { filter, ...page }: PromotionRequestsArgs,
  ): Promise<Connection<PromotionRequestType>> {
    const { state, modelFullName, requester, awaitingViewer } = filter ?? {};
    const requesterId = requester == null ? null : (await this.principals.byName(requester)).id;
    const asked = { states: state, modelFullName, requesterId, awaitingViewer };
    const found = await this.reader.list(asked, page);
    return toConnection(found, toPromotionRequest, () => this.reader.count(asked));
  }

  @Requires('REQUEST_PROMOTION')
  @Mutation(() => PromotionRequestPayload, {
    description: 'Pins the policies and the incumbent, and sets the gates going. Needs REQUEST_PROMOTION on the model',
  })
  async promotionRequestCreate(@Args('input') input: PromotionRequestCreateInput): Promise<PromotionRequestPayload> {
    return { promotionRequest: toPromotionRequest(await this.requests.create(input)) };
  }

  @Requires('REQUEST_PROMOTION')
  @Mutation(() => PromotionRequestPayload, {
    description:
      'Asks for the version that held the target directly before to hold it again. Needs REQUEST_PROMOTION on the model',
  })
  async promotionRequestRollback(
    @Args('input') input: PromotionRequestRollbackInput,
  ): Promise<PromotionRequestPayload> {
    return { promotionRequest: toPromotionRequest(await this.requests.rollback(input)) };
  }

  @Requires('APPROVE_PROMOTION')
  @Mutation(() => PromotionRequestDecidePayload, {
    description:
      'The last approval moves the target, when the policy asks for no wait. Needs APPROVE_PROMOTION and a rule that names you',
  })
  async promotionRequestDecide(
    @Args('input') input: PromotionRequestDecideInput,
  ): Promise<PromotionRequestDecidePayload> {
    const { request, decision } = await this.decisions.decide(input);
    return { promotionRequest: toPromotionRequest(request), decision: toDecision({ ...decision, stale: false }) };
  }

  @Requires(...showingRequests)
  @Mutation(() => PromotionRequestPayload, {
    description: 'Takes back your standing decision while the request is open',
  })
  async promotionRequestDecisionWithdraw(
    @Args('input') input: PromotionRequestReasonInput,
  ): Promise<PromotionRequestPayload> {
    return { promotionRequest: toPromotionRequest(await this.decisions.withdraw(input)) };
  }

  @Requires('MANAGE', ...showingRequests)
  @Mutation(() => PromotionRequestPayload, { description: 'For the requester, and holders of MANAGE' })
  async promotionRequestCancel(@Args('input') input: PromotionRequestReasonInput): Promise<PromotionRequestPayload> {
    return { promotionRequest: toPromotionRequest(await this.requests.cancel(input)) };
  }

  @Requires('MANAGE', ...showingRequests)
  @Mutation(() => PromotionRequestPayload, {
    description:
      'Runs the gates of a BLOCKED request again, or of one in AWAITING_APPROVAL for newer evidence, under the policies and the incumbent of now. For the requester, and holders of MANAGE',
  })
  async promotionRequestGatesRerun(
    @Args('input') { number }: PromotionRequestRefInput,
  ): Promise<PromotionRequestPayload> {
    return { promotionRequest: toPromotionRequest(await this.requests.rerunGates({ number })) };
  }

  @Requires('MANAGE', ...showingRequests)
  @Mutation(() => PromotionRequestPayload, {
    description: 'Answers CHANGES_REQUESTED. For the requester, and holders of MANAGE',
  })
  async promotionRequestResubmit(
    @Args('input') input: PromotionRequestResubmitInput,
  ): Promise<PromotionRequestPayload> {
    return { promotionRequest: toPromotionRequest(await this.requests.resubmit(input)) };
  }
}
