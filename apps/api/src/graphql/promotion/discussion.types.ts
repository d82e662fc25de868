import type { DiscussionComment, DiscussionThread } from '@app/promotion';
import { Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { connectionType } from '../schema/connection.js';
import { MutationInput, MutationPayload } from '../schema/mutation.js';
import { globalId, NodeInterface } from '../schema/node.js';

@ObjectType('DiscussionComment', { implements: NodeInterface, description: 'What somebody said. Never changed' })
export class DiscussionCommentType implements NodeInterface {
  source: DiscussionComment;

  @Field(() => ID)
  id: string;
  @Field()
  text: string;
  @Field()
  madeAt: Date;
}
export const DiscussionCommentConnection = connectionType('DiscussionComment', () => DiscussionCommentType);

@ObjectType('DiscussionThread', { implements: NodeInterface, description: 'A discussion on a promotion request' })
export class DiscussionThreadType implements NodeInterface {
  source: DiscussionThread;

  @Field(() => ID)
  id: string;
  @Field({ description: 'While it is not resolved, the request is not approved' })
  blocking: boolean;
  @Field()
  openedAt: Date;
  @Field(() => Date, { nullable: true })
  resolvedAt: Date | null;
}
export const DiscussionThreadConnection = connectionType('DiscussionThread', () => DiscussionThreadType);

export const toThread = (source: DiscussionThread): DiscussionThreadType => ({
  ...source,
  source,
  id: globalId('DiscussionThread', source.id),
});

export const toComment = (source: DiscussionComment): DiscussionCommentType => ({
  ...source,
  source,
  id: globalId('DiscussionComment', source.id),
});

@InputType()
export class DiscussionThreadOpenInput extends MutationInput {
  @Field(() => Int, { description: 'The number of the promotion request' })
  number: number;
  @Field({ description: 'The first comment' })
  text: string;
  @Field({ defaultValue: false, description: 'It must be resolved before approvals count. Needs APPROVE_PROMOTION' })
  blocking: boolean;
}

@InputType()
export class DiscussionCommentMakeInput extends MutationInput {
  @Field(() => ID)
  threadId: string;
  @Field()
  text: string;
}

@InputType()
export class DiscussionThreadRefInput extends MutationInput {
  @Field(() => ID)
  threadId: string;
}

@ObjectType()
export class DiscussionThreadPayload extends MutationPayload {
  @Field(() => DiscussionThreadType, { nullable: true })
  discussionThread?: DiscussionThreadType | null;
}

@ObjectType()
export class DiscussionCommentPayload extends MutationPayload {
  @Field(() => DiscussionCommentType, { nullable: true })
  discussionComment?: DiscussionCommentType | null;
}
