import { ExternalIdentities } from '@app/identity';
import { Args, Context, Mutation, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Open, Requires } from '../../http/requires.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import { ExternalIdentityInputType, ExternalIdentityType } from './external-identity.types.js';
import { PrincipalPayload } from './principal.inputs.js';
import { PrincipalType, toPrincipal } from './principal.type.js';

@Resolver(() => PrincipalType)
export class ExternalIdentityResolver {
  constructor(private readonly identities: ExternalIdentities) {}

  @Requires('MANAGE')
  @Mutation(() => PrincipalPayload, {
    description:
      'The subject signs in as this principal, or who claims the group is in it, from the next request on. Needs MANAGE on the metastore',
  })
  async externalIdentityLink(@Args('input') input: ExternalIdentityInputType): Promise<PrincipalPayload> {
    return { principal: toPrincipal(await this.identities.link(input)) };
  }

  @Requires('MANAGE')
  @Mutation(() => PrincipalPayload, {
    description:
      'Undoes externalIdentityLink, and ends the memberships that the groups claim made. Needs MANAGE on the metastore',
  })
  async externalIdentityUnlink(@Args('input') input: ExternalIdentityInputType): Promise<PrincipalPayload> {
    return { principal: toPrincipal(await this.identities.unlink(input)) };
  }

  @Open('one’s own; for those of others the service asks MANAGE on the metastore')
  @ResolveField(() => [ExternalIdentityType], {
    description: 'What OpenID Connect issuers call it. Others’ are left out without MANAGE on the metastore',
  })
  externalIdentities(
    @Parent() { source }: PrincipalType,
    @Context() { loaders }: GraphqlContext,
  ): Promise<ExternalIdentityType[]> {
    return loaders.externalIdentitiesOfPrincipal.load(source.id);
  }
}
