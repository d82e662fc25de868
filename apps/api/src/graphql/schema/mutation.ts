import { Field, InputType, ObjectType } from '@nestjs/graphql';
import { UserError } from './user-error.js';

/** What every mutation's input has. */
@InputType({ isAbstract: true })
export abstract class MutationInput {
  @Field(() => String, { nullable: true, description: 'Echoed in the payload' })
  clientMutationId?: string | null;
}

/** What every mutation's payload has. `errors` and `clientMutationId` are filled in by the door (server/door.interceptor.ts). */
@ObjectType({ isAbstract: true })
export abstract class MutationPayload {
  @Field(() => String, { nullable: true })
  clientMutationId?: string | null;
  @Field(() => [UserError], { description: 'Empty when the mutation was carried out' })
  errors?: UserError[];
}
