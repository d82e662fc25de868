import {
  type DeliveryStatus,
  deliveryStatuses,
  type Webhook,
  type WebhookAttempt,
  type WebhookDelivery,
  type WebhookFormat,
  type WebhookStatus,
  webhookFormats,
  webhookStatuses,
} from '@app/webhook';
import { ArgsType, Field, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { ConnectionArgs, connectionType } from '../schema/connection.js';
import { enumOf } from '../schema/enum.js';
import { globalId, NodeInterface } from '../schema/node.js';

export const WebhookStatusEnum = enumOf<WebhookStatus>(webhookStatuses);
registerEnumType(WebhookStatusEnum, { name: 'WebhookStatus', description: 'Nothing is sent to one that is DISABLED' });

export const WebhookFormatEnum = enumOf<WebhookFormat>(webhookFormats);
registerEnumType(WebhookFormatEnum, {
  name: 'WebhookFormat',
  description: "MLFLOW: in the form and by the words of MLflow's own webhooks (docs/webhooks.md)",
});

export const DeliveryStatusEnum = enumOf<DeliveryStatus>(deliveryStatuses);
registerEnumType(DeliveryStatusEnum, {
  name: 'WebhookDeliveryStatus',
  description:
    'GIVEN_UP after 24 hours, or where another attempt cannot help; WITHHELD: the owner of the webhook may not see the event',
});

@ObjectType('WebhookAttempt', { description: 'One line of the delivery log: an answer, or why there was none' })
export class WebhookAttemptType {
  @Field(() => Int)
  number: number;
  @Field()
  startedAt: Date;
  @Field(() => Int)
  durationMs: number;
  @Field(() => Int, { nullable: true, description: 'The HTTP status of the answer' })
  statusCode: number | null;
  @Field(() => String, { nullable: true, description: 'How the body of the answer begins' })
  response: string | null;
  @Field(() => String, { nullable: true })
  error: string | null;
}

@ObjectType('WebhookDelivery', {
  implements: NodeInterface,
  description: 'One event for one webhook; kept for 30 days after its end',
})
export class WebhookDeliveryType implements NodeInterface {
  source: WebhookDelivery;

  @Field(() => ID)
  id: string;
  @Field(() => ID, { description: 'Of the audit event that it tells of; reading that one needs READ_AUDIT' })
  eventId: string;
  @Field({ description: 'The header webhook-id: the same for each attempt and each replay' })
  webhookMessageId: string;
  @Field({ description: 'docs/webhooks.md' })
  eventType: string;
  @Field(() => DeliveryStatusEnum)
  status: DeliveryStatus;
  @Field()
  createdAt: Date;
  @Field(() => Date, { nullable: true, description: 'While PENDING: the next attempt is made after that' })
  dueAt: Date | null;
  @Field(() => Date, { nullable: true })
  endedAt: Date | null;
}
export const WebhookDeliveryConnection = connectionType('WebhookDelivery', () => WebhookDeliveryType);

@ObjectType('Webhook', {
  implements: NodeInterface,
  description:
    'Sends events of a securable, and of all that is in it, to a URL (docs/webhooks.md). Shown to MANAGE on it',
})
export class WebhookType implements NodeInterface {
  source: Webhook;

  @Field(() => ID)
  id: string;
  @Field()
  name: string;
  @Field()
  url: string;
  @Field(() => WebhookFormatEnum)
  format: WebhookFormat;
  @Field(() => [String], { description: 'Types of events, noun.*, or *; of the format MLFLOW its types' })
  eventTypes: string[];
  @Field(() => String, { nullable: true })
  description: string | null;
  @Field(() => WebhookStatusEnum)
  status: WebhookStatus;
  @Field(() => String, { nullable: true, description: 'Why it is disabled, in one sentence' })
  disabledReason: string | null;
  @Field(() => Date, { nullable: true })
  disabledAt: Date | null;
  @Field(() => Date, { nullable: true, description: 'Until then the secret before the last rotation signs too' })
  previousSecretUntil: Date | null;
  @Field(() => Date, { nullable: true, description: 'The receiver has taken nothing since then; null when it is well' })
  failingSince: Date | null;
  @Field()
  createdAt: Date;
  @Field()
  updatedAt: Date;
}
export const WebhookConnection = connectionType('Webhook', () => WebhookType);

@InputType({ description: 'All fields AND' })
export class WebhookDeliveryFilterInput {
  @Field(() => DeliveryStatusEnum, { nullable: true })
  status?: DeliveryStatus | null;
}

@ArgsType()
export class WebhookDeliveriesArgs extends ConnectionArgs {
  @Field(() => WebhookDeliveryFilterInput, { nullable: true })
  filter?: WebhookDeliveryFilterInput | null;
}

export const toWebhook = (source: Webhook): WebhookType => ({
  ...source,
  source,
  id: globalId('Webhook', source.id),
});

export const toDelivery = (source: WebhookDelivery): WebhookDeliveryType => ({
  ...source,
  source,
  id: globalId('WebhookDelivery', source.id),
  eventId: globalId('AuditEvent', source.eventId),
  webhookMessageId: source.eventId,
  dueAt: source.status === 'PENDING' ? source.dueAt : null,
});

export const toAttempt = ({ deliveryId: _, ...line }: WebhookAttempt): WebhookAttemptType => line;
