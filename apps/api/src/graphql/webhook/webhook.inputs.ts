import type { WebhookFormat } from '@app/webhook';
import { Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { MutationInput, MutationPayload } from '../schema/mutation.js';
import { SecurableRefInput } from '../schema/securable-ref.input.js';
import { WebhookDeliveryType, WebhookFormatEnum, WebhookType } from './webhook.types.js';

@InputType()
export class WebhookCreateInput extends MutationInput {
  @Field(() => SecurableRefInput, { description: 'The metastore, a catalog, a schema or a model' })
  securable: SecurableRefInput;
  @Field({ description: 'Unique on the securable, in any case' })
  name: string;
  @Field({ description: 'https; http only to addresses that OUTBOUND_ALLOW names' })
  url: string;
  @Field(() => WebhookFormatEnum, { defaultValue: 'CLOUD_EVENTS', description: 'Stays as it is made' })
  format: WebhookFormat;
  @Field(() => [String], {
    description: 'Types such as promotion_request.applied, promotion_request.*, or *: docs/webhooks.md',
  })
  eventTypes: string[];
  @Field(() => String, { nullable: true })
  description?: string | null;
}

@InputType({ description: 'What is left out stays as it is' })
export class WebhookUpdateInput extends MutationInput {
  @Field(() => ID)
  webhookId: string;
  @Field(() => String, { nullable: true })
  name?: string | null;
  @Field(() => String, { nullable: true })
  url?: string | null;
  @Field(() => [String], { nullable: true })
  eventTypes?: string[] | null;
  @Field(() => String, { nullable: true, description: 'null: none' })
  description?: string | null;
  @Field(() => Boolean, { nullable: true, description: 'false: nothing is sent, and nothing is kept to be sent' })
  enabled?: boolean | null;
}

@InputType()
export class WebhookRefInput extends MutationInput {
  @Field(() => ID)
  webhookId: string;
}

@InputType()
export class WebhookSecretRotateInput extends MutationInput {
  @Field(() => ID)
  webhookId: string;
  @Field(() => Int, {
    defaultValue: 24,
    description: 'For how many hours the secret before signs too, 0 to 168; with 0 it ends at once',
  })
  graceHours: number;
}

@InputType()
export class WebhookDeliveryReplayInput extends MutationInput {
  @Field(() => ID)
  webhookDeliveryId: string;
}

@InputType()
export class WebhookFailedReplayInput extends MutationInput {
  @Field(() => ID)
  webhookId: string;
  @Field({ description: 'Deliveries that were made from then on' })
  since: Date;
}

@ObjectType()
export class WebhookPayload extends MutationPayload {
  @Field(() => WebhookType, { nullable: true })
  webhook?: WebhookType | null;
}

@ObjectType()
export class WebhookSecretPayload extends MutationPayload {
  @Field(() => String, { nullable: true, description: 'What signs from now on: shown here, and never again' })
  secret?: string | null;
  @Field(() => WebhookType, { nullable: true })
  webhook?: WebhookType | null;
}

@ObjectType()
export class WebhookDeletePayload extends MutationPayload {
  @Field(() => ID, { nullable: true })
  deletedWebhookId?: string | null;
}

@ObjectType()
export class WebhookDeliveryPayload extends MutationPayload {
  @Field(() => WebhookDeliveryType, { nullable: true })
  webhookDelivery?: WebhookDeliveryType | null;
}

@ObjectType()
export class WebhookFailedReplayPayload extends MutationPayload {
  @Field(() => Int, {
    nullable: true,
    description: 'How many are sent once more. At 1000 there may be more: ask again',
  })
  replayed?: number | null;
}
