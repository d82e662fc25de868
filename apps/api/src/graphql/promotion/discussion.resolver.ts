import { DiscussionReader, Discussions, showingRequests } from '@app/promotion';
import { Args, Context, Int, Mutation, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Inherits, Open, Requires } from '../../http/requires.js';
import { PrincipalType, principalsAreKnown, toPrincipal } from '../access/principal.type.js';
import { type Connection, ConnectionArgs, toConnection } from '../schema/connection.js';
import { keyOf } from '../schema/node.js';
import { orNull } from '../schema/or-null.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import {
  DiscussionCommentConnection,
  DiscussionCommentMakeInput,
  DiscussionCommentPayload,
  DiscussionCommentType,
  DiscussionThreadConnection,
  DiscussionThreadOpenInput,
  DiscussionThreadPayload,
  DiscussionThreadRefInput,
  DiscussionThreadType,
  toComment,
  toThread,
} from './discussion.types.js';
import { PromotionRequestType } from './promotion.types.js';

@Resolver(() => DiscussionThreadType)
export class DiscussionResolver {
  constructor(
    private readonly discussions: Discussions,
    private readonly reader: DiscussionReader,
  ) {}

  @Requires('EXECUTE')
  @Mutation(() => DiscussionThreadPayload, {
    description: 'For whoever may see the request and holds EXECUTE; one that blocks needs APPROVE_PROMOTION too',
  })
  async discussionThreadOpen(@Args('input') input: DiscussionThreadOpenInput): Promise<DiscussionThreadPayload> {
    return { discussionThread: toThread(await this.discussions.open(input)) };
  }

  @Requires('EXECUTE')
  @Mutation(() => DiscussionCommentPayload)
  async discussionCommentMake(
    @Args('input') { threadId, text }: DiscussionCommentMakeInput,
  ): Promise<DiscussionCommentPayload> {
    const id = keyOf('DiscussionThread', threadId, 'threadId');
    return { discussionComment: toComment(await this.discussions.comment({ threadId: id, text })) };
  }

  @Requires('EXECUTE')
  @Mutation(() => DiscussionThreadPayload, {
    description:
      'A thread that blocks is resolved by who opened it, or by a holder of MANAGE who did not open the request',
  })
  async discussionThreadResolve(
    @Args('input') { threadId }: DiscussionThreadRefInput,
  ): Promise<DiscussionThreadPayload> {
    const id = keyOf('DiscussionThread', threadId, 'threadId');
    return { discussionThread: toThread(await this.discussions.resolve({ threadId: id })) };
  }

  @Requires('EXECUTE')
  @Mutation(() => DiscussionThreadPayload)
  async discussionThreadReopen(
    @Args('input') { threadId }: DiscussionThreadRefInput,
  ): Promise<DiscussionThreadPayload> {
    const id = keyOf('DiscussionThread', threadId, 'threadId');
    return { discussionThread: toThread(await this.discussions.reopen({ threadId: id })) };
  }

  @Requires(...showingRequests)
  @ResolveField(() => DiscussionCommentConnection, { description: 'The oldest first' })
  async comments(
    @Parent() { source }: DiscussionThreadType,
    @Args() page: ConnectionArgs,
  ): Promise<Connection<DiscussionCommentType>> {
    const found = await this.reader.comments(source.id, page);
    return toConnection(found, toComment, () => this.reader.countComments(source.id));
  }

  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true })
  async openedBy(@Parent() { source }: DiscussionThreadType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.principal.load(source.openedBy), toPrincipal);
  }

  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true })
  async resolvedBy(@Parent() { source }: DiscussionThreadType, @Context() { loaders }: GraphqlContext) {
    return source.resolvedBy ? orNull(await loaders.principal.load(source.resolvedBy), toPrincipal) : null;
  }
}

@Resolver(() => DiscussionCommentType)
export class DiscussionCommentFields {
  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true })
  async author(@Parent() { source }: DiscussionCommentType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.principal.load(source.authorId), toPrincipal);
  }
}

@Resolver(() => PromotionRequestType)
export class PromotionRequestDiscussionFields {
  constructor(private readonly reader: DiscussionReader) {}

  @Requires(...showingRequests)
  @ResolveField(() => DiscussionThreadConnection, { description: 'The oldest first' })
  async discussions(
    @Parent() { source }: PromotionRequestType,
    @Args() page: ConnectionArgs,
  ): Promise<Connection<DiscussionThreadType>> {
    const found = await this.reader.threads(source.number, page);
    return toConnection(found, toThread, () => this.reader.countThreads(source.number));
  }

  @Inherits(...showingRequests)
  @ResolveField(() => Int, { description: 'Discussions that keep the request from being approved' })
  async unresolvedDiscussions(
    @Parent() { source }: PromotionRequestType,
    @Context() { loaders }: GraphqlContext,
  ): Promise<number> {
    return (await loaders.unresolvedDiscussions.load(source.id))?.count ?? 0;
  }
}
