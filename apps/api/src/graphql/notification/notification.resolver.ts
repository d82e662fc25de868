import { Access } from '@app/access';
import { EmailAddresses, Principals } from '@app/identity';
import { NotificationPreferencesService, NotificationReader } from '@app/notification';
import { Args, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Open, Requires } from '../../http/requires.js';
import { PrincipalType } from '../access/principal.type.js';
import { type Connection, ConnectionArgs, toConnection } from '../schema/connection.js';
import {
  NotificationConnection,
  NotificationPreferencesPayload,
  NotificationPreferencesType,
  NotificationPreferencesUpdateInput,
  type NotificationType,
  PrincipalEmailPayload,
  PrincipalEmailUpdateInput,
  toNotification,
  toPreferences,
} from './notification.types.js';

@Resolver(() => PrincipalType)
export class NotificationResolver {
  constructor(
    private readonly access: Access,
    private readonly emails: EmailAddresses,
    private readonly preferences: NotificationPreferencesService,
    private readonly principals: Principals,
    private readonly reader: NotificationReader,
  ) {}

  @Open('the caller’s own')
  @Query(() => NotificationConnection, {
    description: 'What you were told, and are to be told by mail; the newest first',
  })
  async notifications(@Args() page: ConnectionArgs): Promise<Connection<NotificationType>> {
    return toConnection(await this.reader.list(page), toNotification, () => this.reader.count());
  }

  @Open('the caller’s own; of others nothing is shown')
  @ResolveField(() => NotificationPreferencesType, {
    nullable: true,
    description: 'Your own, for `viewer`; null of everybody else',
  })
  async notificationPreferences(@Parent() { source }: PrincipalType): Promise<NotificationPreferencesType | null> {
    return source.id === this.access.caller().id ? toPreferences(await this.preferences.own()) : null;
  }

  @Open('the caller’s own')
  @Mutation(() => NotificationPreferencesPayload, {
    description: 'Changes what you are told, and where mail goes; for users',
  })
  async notificationPreferencesUpdate(
    @Args('input') { email, muted }: NotificationPreferencesUpdateInput,
  ): Promise<NotificationPreferencesPayload> {
    return { preferences: toPreferences(await this.preferences.update({ email, muted: muted ?? undefined })) };
  }

  @Requires('MANAGE')
  @Mutation(() => PrincipalEmailPayload, { description: 'Where a user gets mail. Needs MANAGE on the metastore' })
  async principalEmailUpdate(
    @Args('input') { name, email }: PrincipalEmailUpdateInput,
  ): Promise<PrincipalEmailPayload> {
    const { id } = await this.principals.byName(name);
    return { email: (await this.emails.set(id, email ?? null))?.address ?? null };
  }
}
