import { WebhookDeliveries, Webhooks } from '@app/webhook';
import type { OnModuleInit } from '@nestjs/common';
import { Args, Context, Mutation, Resolver } from '@nestjs/graphql';
import { Requires } from '../../http/requires.js';
import { globalId, keyOf } from '../schema/node.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import { NodeRegistry } from '../server/node-registry.js';
import {
  WebhookCreateInput,
  WebhookDeletePayload,
  WebhookDeliveryPayload,
  WebhookDeliveryReplayInput,
  WebhookFailedReplayInput,
  WebhookFailedReplayPayload,
  WebhookPayload,
  WebhookRefInput,
  WebhookSecretPayload,
  WebhookSecretRotateInput,
  WebhookUpdateInput,
} from './webhook.inputs.js';
import { toDelivery, toWebhook, WebhookType } from './webhook.types.js';

@Resolver(() => WebhookType)
export class WebhookResolver implements OnModuleInit {
  constructor(
    private readonly deliveries: WebhookDeliveries,
    private readonly registry: NodeRegistry,
    private readonly webhooks: Webhooks,
  ) {}

  onModuleInit(): void {
    const declaration = { questions: ['MANAGE' as const] };
    this.registry.register('Webhook', declaration, async (id) => toWebhook(await this.webhooks.get(id)));
    this.registry.register('WebhookDelivery', declaration, async (id) => toDelivery(await this.deliveries.get(id)));
  }

  @Requires('MANAGE')
  @Mutation(() => WebhookSecretPayload, {
    description: 'Sends what happens from now on, by your rights. Needs MANAGE on the securable',
  })
  async webhookCreate(
    @Args('input') { securable, description, ...input }: WebhookCreateInput,
    @Context() { request }: GraphqlContext,
  ): Promise<WebhookSecretPayload> {
    request.answerHoldsSecret = true;
    const { webhook, secret } = await this.webhooks.create({
      ...input,
      on: securable,
      description: description ?? null,
    });
    return { secret, webhook: toWebhook(webhook) };
  }

  @Requires('MANAGE')
  @Mutation(() => WebhookPayload, {
    description: 'From now on it sends by your rights. Needs MANAGE on the securable',
  })
  async webhookUpdate(@Args('input') input: WebhookUpdateInput): Promise<WebhookPayload> {
    const { webhookId, name, url, eventTypes, description, enabled } = input;
    const changes = {
      ...(name != null && { name }),
      ...(url != null && { url }),
      ...(eventTypes != null && { eventTypes }),
      ...(description !== undefined && { description }),
      ...(enabled != null && { enabled }),
    };
    return { webhook: toWebhook(await this.webhooks.update(keyOf('Webhook', webhookId, 'webhookId'), changes)) };
  }

  @Requires('MANAGE')
  @Mutation(() => WebhookDeletePayload, {
    description: 'With what waits to be sent, and its log. Needs MANAGE on the securable',
  })
  async webhookDelete(@Args('input') { webhookId }: WebhookRefInput): Promise<WebhookDeletePayload> {
    const { id } = await this.webhooks.delete(keyOf('Webhook', webhookId, 'webhookId'));
    return { deletedWebhookId: globalId('Webhook', id) };
  }

  @Requires('MANAGE')
  @Mutation(() => WebhookSecretPayload, {
    description: 'A new secret; the one before signs beside it for a while. Needs MANAGE on the securable',
  })
  async webhookSecretRotate(
    @Args('input') { webhookId, graceHours }: WebhookSecretRotateInput,
    @Context() { request }: GraphqlContext,
  ): Promise<WebhookSecretPayload> {
    request.answerHoldsSecret = true;
    const id = keyOf('Webhook', webhookId, 'webhookId');
    const { webhook, secret } = await this.webhooks.rotateSecret(id, graceHours);
    return { secret, webhook: toWebhook(webhook) };
  }

  @Requires('MANAGE')
  @Mutation(() => WebhookDeliveryPayload, {
    description:
      'Sends a test event now, and once; ask for the delivery to see how it ends. Needs MANAGE on the securable',
  })
  async webhookTest(@Args('input') { webhookId }: WebhookRefInput): Promise<WebhookDeliveryPayload> {
    return { webhookDelivery: toDelivery(await this.deliveries.test(keyOf('Webhook', webhookId, 'webhookId'))) };
  }

  @Requires('MANAGE')
  @Mutation(() => WebhookDeliveryPayload, {
    description: 'Sends it once more, whatever became of it, under the same id. Needs MANAGE on the securable',
  })
  async webhookDeliveryReplay(
    @Args('input') { webhookDeliveryId }: WebhookDeliveryReplayInput,
  ): Promise<WebhookDeliveryPayload> {
    const id = keyOf('WebhookDelivery', webhookDeliveryId, 'webhookDeliveryId');
    return { webhookDelivery: toDelivery(await this.deliveries.replay(id)) };
  }

  @Requires('MANAGE')
  @Mutation(() => WebhookFailedReplayPayload, {
    description: 'Sends once more what was given up or withheld, the oldest first. Needs MANAGE on the securable',
  })
  async webhookFailedReplay(
    @Args('input') { webhookId, since }: WebhookFailedReplayInput,
  ): Promise<WebhookFailedReplayPayload> {
    return { replayed: await this.deliveries.replayFailed(keyOf('Webhook', webhookId, 'webhookId'), since) };
  }
}
