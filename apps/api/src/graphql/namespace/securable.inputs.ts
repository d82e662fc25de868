import { Field, InputType, ObjectType } from '@nestjs/graphql';
import { MutationInput, MutationPayload } from '../schema/mutation.js';
import { SecurableType } from '../schema/securable.js';
import { SecurableRefInput } from '../schema/securable-ref.input.js';

@InputType()
export class SecurableUpdateInput extends MutationInput {
  @Field(() => SecurableRefInput)
  securable: SecurableRefInput;
  @Field(() => String, { nullable: true, description: 'null clears it; left out, it stays' })
  description?: string | null;
  @Field(() => String, { nullable: true, description: 'The name of the new owner; left out, it stays' })
  owner?: string | null;
}

@InputType()
export class TagSetInput extends MutationInput {
  @Field(() => SecurableRefInput)
  securable: SecurableRefInput;
  @Field({ description: '1 to 255 characters' })
  key: string;
  @Field({ description: 'Up to 5,000 characters' })
  value: string;
}

@InputType()
export class TagDeleteInput extends MutationInput {
  @Field(() => SecurableRefInput)
  securable: SecurableRefInput;
  @Field()
  key: string;
}

@ObjectType()
export class SecurablePayload extends MutationPayload {
  @Field(() => SecurableType, { nullable: true, description: 'null when you may not see it any more' })
  securable?: SecurableType | null;
}
