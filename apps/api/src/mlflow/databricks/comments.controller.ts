import { Access } from '@app/access';
import { FailedPrecondition } from '@app/platform';
import { DiscussionReader, Discussions, PromotionRequestReader } from '@app/promotion';
import { Body } from '@nestjs/common';
import { Requires } from '../../http/requires.js';
import { ofVersion } from '../registry/fields.js';
import { ModelNames } from '../registry/model-names.js';
import { nodesOf } from '../wire/page.js';
import { parseParams, required } from '../wire/parse.js';
import { PostOk } from '../wire/post.js';
import { MlflowController } from '../wire/words.js';
import { toComment } from './activity.js';

const createParams = ofVersion.extend({ comment: required });

/** Comments on a version, as the workspace registry has them: here they belong to its promotion request. */
@MlflowController('api/2.0/mlflow/comments')
export class CommentsController {
  constructor(
    private readonly access: Access,
    private readonly discussions: Discussions,
    private readonly names: ModelNames,
    private readonly reader: DiscussionReader,
    private readonly requests: PromotionRequestReader,
  ) {}

  /** A thread of its own, which others can answer and which blocks nothing, on the open request or else the last one. */
  @Requires('EXECUTE', 'REQUEST_PROMOTION')
  @PostOk('create')
  async create(@Body() body: unknown) {
    const { name, version, comment: text } = parseParams(createParams, body);
    const [request] = await this.requests.ofVersion(this.names.full(name), version);
    if (!request) {
      throw new FailedPrecondition(
        'NO_PROMOTION_REQUEST',
        `comment: ${name}/${version} has no promotion request, and comments are part of one: create a transition request first`,
        undefined,
        ['comment'],
      );
    }
    const thread = await this.discussions.open({ number: request.number, text, blocking: false });
    const [comment] = nodesOf(await this.reader.comments(thread.id, { first: 1 }));
    return { comment: comment && toComment(comment, this.access.caller().name) };
  }
}
