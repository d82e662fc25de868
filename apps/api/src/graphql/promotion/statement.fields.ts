import type { SignedStatement } from '@app/promotion';
import { Context, Field, ObjectType, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Requires } from '../../http/requires.js';
import { JsonScalar } from '../schema/scalars.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import { PromotionRequestType } from './promotion.types.js';

@ObjectType('SignedStatement', {
  description: 'What was signed when a request was applied: docs/attestations.md. Never changed',
})
export class SignedStatementType {
  @Field({ description: 'The key, as /.well-known/imprimatur-keys.json names it' })
  keyId: string;
  @Field()
  predicateType: string;
  @Field(() => JsonScalar, { description: 'A DSSE envelope; its payload is an in-toto statement in canonical JSON' })
  envelope: unknown;
  @Field()
  createdAt: Date;
}

const toSignedStatement = ({ kid, ...statement }: SignedStatement): SignedStatementType => ({
  ...statement,
  keyId: kid,
});

@Resolver(() => PromotionRequestType)
export class PromotionRequestStatementFields {
  @Requires('EXECUTE')
  @ResolveField(() => SignedStatementType, {
    nullable: true,
    description: 'null until the request is applied, and without EXECUTE on the model',
  })
  async statement(
    @Parent() { source }: PromotionRequestType,
    @Context() { loaders }: GraphqlContext,
  ): Promise<SignedStatementType | null> {
    const found = await loaders.statementOfRequest.load(source.id);
    return found && toSignedStatement(found);
  }
}
