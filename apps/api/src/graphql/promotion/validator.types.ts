import type { Validator } from '@app/policy';
import { ArgsType, Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { connectionType } from '../schema/connection.js';
import { MutationInput, MutationPayload } from '../schema/mutation.js';
import { globalId, NodeInterface } from '../schema/node.js';

@ObjectType('Validator', {
  implements: NodeInterface,
  description: 'A program that EXTERNAL gates ask (docs/gates.md). Shown to holders of MANAGE on the metastore',
})
export class ValidatorType implements NodeInterface {
  createdById: string | null;

  @Field(() => ID)
  id: string;
  @Field({ description: 'What policies name it by; never changed' })
  name: string;
  @Field(() => String, { nullable: true })
  description: string | null;
  @Field({ description: 'Where it is called' })
  url: string;
  @Field()
  createdAt: Date;
  @Field(() => Date, {
    nullable: true,
    description: 'Until then calls carry the signature of the secret before the last rotation too',
  })
  previousSecretUntil: Date | null;
  @Field(() => Date, { nullable: true, description: 'Since when it is not called' })
  disabledAt: Date | null;
}
export const ValidatorConnection = connectionType('Validator', () => ValidatorType);

@ArgsType()
export class ValidatorArgs {
  @Field()
  name: string;
}

@InputType()
export class ValidatorCreateInput extends MutationInput {
  @Field({ description: 'What policies name it by; never changed' })
  name: string;
  @Field({ description: 'Where it is called: an https URL, or one of a network in OUTBOUND_ALLOW' })
  url: string;
  @Field(() => String, { nullable: true })
  description?: string | null;
}

@InputType()
export class ValidatorUpdateInput extends MutationInput {
  @Field()
  name: string;
  @Field(() => String, { nullable: true, description: 'Stays as it is when left out' })
  url?: string | null;
  @Field(() => String, { nullable: true, description: 'Stays as it is when left out; "" takes it away' })
  description?: string | null;
}

@InputType()
export class ValidatorSecretRotateInput extends MutationInput {
  @Field()
  name: string;
  @Field(() => Int, {
    defaultValue: 24,
    description: 'For so many hours calls carry the signature of the old secret too, 0 to 168',
  })
  graceHours: number;
}

/** Names the validator that something is done with. */
@InputType()
export class ValidatorInput extends MutationInput {
  @Field()
  name: string;
}

@ObjectType()
export class ValidatorPayload extends MutationPayload {
  @Field(() => ValidatorType, { nullable: true })
  validator?: ValidatorType | null;
}

@ObjectType()
export class ValidatorSecretPayload extends ValidatorPayload {
  @Field(() => String, {
    nullable: true,
    description: 'What calls are signed with (Standard Webhooks): shown here, and never again',
  })
  secret?: string | null;
}

export const toValidator = ({ id, createdBy, ...validator }: Validator): ValidatorType => ({
  ...validator,
  id: globalId('Validator', id),
  createdById: createdBy,
});
