import type { AccessToken } from '@app/identity';
import { ArgsType, Field, ID, InputType, ObjectType } from '@nestjs/graphql';
import { ConnectionArgs, connectionType } from '../schema/connection.js';
import { MutationInput, MutationPayload } from '../schema/mutation.js';
import { globalId, NodeInterface } from '../schema/node.js';

@ObjectType('AccessToken', {
  implements: NodeInterface,
  description: 'A personal access token, without the token itself',
})
export class AccessTokenType implements NodeInterface {
  principalId: string;
  catalogId: string | null;

  @Field(() => ID)
  id: string;
  @Field()
  name: string;
  @Field({ description: 'How the token begins' })
  prefix: string;
  @Field(() => Date, { nullable: true })
  expiresAt: Date | null;
  @Field(() => Date, { nullable: true })
  revokedAt: Date | null;
  @Field(() => Date, { nullable: true, description: 'To the minute' })
  lastUsedAt: Date | null;
  @Field()
  createdAt: Date;
  @Field({ description: 'It changes nothing, whatever its principal may change' })
  readOnly: boolean;
  @Field({ description: 'It reaches one catalog, and nothing else' })
  oneCatalog: boolean;
}
export const AccessTokenConnection = connectionType('AccessToken', () => AccessTokenType);

@ArgsType()
export class AccessTokensArgs extends ConnectionArgs {
  @Field(() => String, {
    nullable: true,
    description: 'The name of a principal; your own when left out. Others’ need MANAGE on the metastore',
  })
  principal?: string | null;
}

@InputType()
export class AccessTokenCreateInput extends MutationInput {
  @Field()
  name: string;
  @Field(() => Date, { nullable: true, description: 'Never, when left out' })
  expiresAt?: Date | null;
  @Field(() => String, {
    nullable: true,
    description: 'For whom; for yourself when left out. Others need MANAGE on the metastore',
  })
  principal?: string | null;
  @Field(() => Boolean, {
    nullable: true,
    description: 'It reads, and runs no mutation. false when left out',
  })
  readOnly?: boolean | null;
  @Field(() => String, {
    nullable: true,
    description: 'The name of the one catalog that it reaches; all that its principal reaches when left out',
  })
  catalog?: string | null;
}

@InputType()
export class AccessTokenRevokeInput extends MutationInput {
  @Field(() => ID)
  accessTokenId: string;
}

@ObjectType()
export class AccessTokenCreatePayload extends MutationPayload {
  @Field(() => String, { nullable: true, description: 'The token itself: shown here, and never again' })
  token?: string | null;
  @Field(() => AccessTokenType, { nullable: true })
  accessToken?: AccessTokenType | null;
}

@ObjectType()
export class AccessTokenPayload extends MutationPayload {
  @Field(() => AccessTokenType, { nullable: true })
  accessToken?: AccessTokenType | null;
}

export const toAccessToken = ({ id, ...token }: AccessToken): AccessTokenType => ({
  ...token,
  oneCatalog: token.catalogId !== null,
  id: globalId('AccessToken', id),
});
