import { AccessPreviews } from '@app/access';
import { Args, Query, Resolver } from '@nestjs/graphql';
import { Requires } from '../../http/requires.js';
import { AccessChangesInput, AccessPreviewType, toAccessPreview } from './access-change.types.js';

@Resolver()
export class AccessChangeResolver {
  constructor(private readonly previews: AccessPreviews) {}

  @Requires('MANAGE')
  @Query(() => AccessPreviewType, {
    nullable: true,
    description:
      'What would be gained and lost by changes of grants, memberships and owners; changes nothing. Needs what making them needs: MANAGE on each securable, for memberships on the metastore',
  })
  async whatIf(@Args('changes') changes: AccessChangesInput): Promise<AccessPreviewType> {
    return toAccessPreview(await this.previews.whatIf(changes));
  }
}
