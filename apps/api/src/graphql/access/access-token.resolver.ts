import { AccessTokens, Principals } from '@app/identity';
import { Args, Context, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Open, Requires } from '../../http/requires.js';
import { CatalogType } from '../namespace/namespace.types.js';
import { type Connection, toConnection } from '../schema/connection.js';
import { keyOf } from '../schema/node.js';
import { orNull } from '../schema/or-null.js';
import { toSecurable } from '../schema/securable.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import {
  AccessTokenConnection,
  AccessTokenCreateInput,
  AccessTokenCreatePayload,
  AccessTokenPayload,
  AccessTokenRevokeInput,
  AccessTokensArgs,
  AccessTokenType,
  toAccessToken,
} from './access-token.types.js';
import { PrincipalType, principalsAreKnown, toPrincipal } from './principal.type.js';

@Resolver(() => AccessTokenType)
export class AccessTokenResolver {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly principals: Principals,
  ) {}

  @Open('one’s own tokens; for those of others the service asks MANAGE on the metastore')
  @Query(() => AccessTokenConnection, { description: 'The newest first; revoked and expired ones too' })
  async accessTokens(@Args() { principal, ...page }: AccessTokensArgs): Promise<Connection<AccessTokenType>> {
    const principalId = await this.idOf(principal);
    const found = await this.tokens.list(principalId, page);
    return toConnection(found, toAccessToken, () => this.tokens.count(principalId));
  }

  @Open('one’s own tokens; for those of others the service asks MANAGE on the metastore')
  @Mutation(() => AccessTokenCreatePayload)
  async accessTokenCreate(
    @Args('input') input: AccessTokenCreateInput,
    @Context() { request }: GraphqlContext,
  ): Promise<AccessTokenCreatePayload> {
    request.answerHoldsSecret = true;
    const { principal, ...wanted } = input;
    const { token, accessToken } = await this.tokens.create({ ...wanted, for: await this.idOf(principal) });
    return { token, accessToken: toAccessToken(accessToken) };
  }

  @Open('one’s own tokens; for those of others the service asks MANAGE on the metastore')
  @Mutation(() => AccessTokenPayload, { description: 'From the next request on it is refused' })
  async accessTokenRevoke(@Args('input') { accessTokenId }: AccessTokenRevokeInput): Promise<AccessTokenPayload> {
    return {
      accessToken: toAccessToken(await this.tokens.revoke(keyOf('AccessToken', accessTokenId, 'accessTokenId'))),
    };
  }

  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { description: 'Whom it stands for' })
  async principal(
    @Parent() token: AccessTokenType,
    @Context() { loaders }: GraphqlContext,
  ): Promise<PrincipalType | null> {
    const principal = await loaders.principal.load(token.principalId);
    return principal && toPrincipal(principal);
  }

  @Requires('DISCOVER')
  @ResolveField(() => CatalogType, {
    nullable: true,
    description: 'The one that it reaches; null when you may not see it',
  })
  async catalog(@Parent() { catalogId }: AccessTokenType, @Context() { loaders }: GraphqlContext) {
    return orNull(catalogId ? await loaders.securable.load(catalogId) : null, toSecurable);
  }

  private async idOf(principal: string | null | undefined): Promise<string | null> {
    return principal == null ? null : (await this.principals.byName(principal)).id;
  }
}
