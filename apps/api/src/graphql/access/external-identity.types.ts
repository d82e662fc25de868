import { Field, InputType, ObjectType } from '@nestjs/graphql';
import { MutationInput } from '../schema/mutation.js';

@ObjectType('ExternalIdentity', { description: 'What an OpenID Connect issuer calls a principal' })
export class ExternalIdentityType {
  @Field({ description: 'The issuer, as its tokens name it' })
  issuer: string;
  @Field({ description: 'The subject of a user or service principal; of a group, its value in the groups claim' })
  externalId: string;
  @Field()
  linkedAt: Date;
}

@InputType('ExternalIdentityInput')
export class ExternalIdentityInputType extends MutationInput {
  @Field({ description: 'The name of a user, a service principal or a group' })
  principal: string;
  @Field({ description: 'A configured issuer, as its tokens name it' })
  issuer: string;
  @Field({ description: 'The subject of a user or service principal; of a group, its value in the groups claim' })
  externalId: string;
}
