import { WebhookReader } from '@app/webhook';
import { Args, Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Inherits, Open, Requires } from '../../http/requires.js';
import { PrincipalType, principalsAreKnown, toPrincipal } from '../access/principal.type.js';
import { type Connection, ConnectionArgs, toConnection } from '../schema/connection.js';
import { orNull } from '../schema/or-null.js';
import { SecurableType, toSecurable } from '../schema/securable.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import {
  toAttempt,
  toDelivery,
  toWebhook,
  WebhookAttemptType,
  WebhookConnection,
  WebhookDeliveriesArgs,
  WebhookDeliveryConnection,
  WebhookDeliveryType,
  WebhookType,
} from './webhook.types.js';

@Resolver(() => WebhookType)
export class WebhookFields {
  constructor(private readonly reader: WebhookReader) {}

  @Requires('MANAGE')
  @ResolveField(() => WebhookDeliveryConnection, { nullable: true, description: 'The newest first' })
  async deliveries(
    @Parent() { source }: WebhookType,
    @Args() { filter, ...page }: WebhookDeliveriesArgs,
  ): Promise<Connection<WebhookDeliveryType>> {
    const found = await this.reader.deliveries(source.id, filter ?? {}, page);
    return toConnection(found, toDelivery, () => this.reader.countDeliveries(source.id, filter ?? {}));
  }

  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, {
    nullable: true,
    description: 'By whose rights it sends: whoever changed it last; null when he was deleted',
  })
  async owner(@Parent() { source }: WebhookType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.principal.load(source.ownerId), toPrincipal);
  }

  @Requires('DISCOVER')
  @ResolveField(() => SecurableType, { nullable: true, description: 'Whose events it sends' })
  async securable(@Parent() { source }: WebhookType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.securable.load(source.securableId), toSecurable);
  }
}

@Resolver(() => WebhookDeliveryType)
export class WebhookDeliveryFields {
  @Inherits('MANAGE')
  @ResolveField(() => [WebhookAttemptType], { description: 'The newest first, up to 50' })
  async attempts(
    @Parent() { source }: WebhookDeliveryType,
    @Context() { loaders }: GraphqlContext,
  ): Promise<WebhookAttemptType[]> {
    return (await loaders.attemptsOfDelivery.load(source.id)).map(toAttempt);
  }
}

/** The webhooks on a securable. */
@Resolver(() => SecurableType)
export class SecurableWebhookFields {
  constructor(private readonly reader: WebhookReader) {}

  @Requires('MANAGE')
  @ResolveField('webhooks', () => WebhookConnection, {
    nullable: true,
    description: 'By name; null without MANAGE, and on experiments, which have none',
  })
  async webhooksOn(
    @Parent() { source }: SecurableType,
    @Args() page: ConnectionArgs,
  ): Promise<Connection<WebhookType> | null> {
    if (source.kind === 'EXPERIMENT') return null;
    return orNull(await this.reader.on(source, page), (found) =>
      toConnection(found, toWebhook, () => this.reader.countOn(source)),
    );
  }
}
