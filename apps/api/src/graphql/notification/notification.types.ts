import {
  type Channel,
  channels,
  type Notification,
  type NotificationKind,
  type NotificationPreferences,
  type NotificationState,
  notificationKinds,
  notificationStates,
} from '@app/notification';
import { Field, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { connectionType } from '../schema/connection.js';
import { enumOf } from '../schema/enum.js';
import { MutationInput, MutationPayload } from '../schema/mutation.js';

const NotificationKindEnum = enumOf<NotificationKind>(notificationKinds);
registerEnumType(NotificationKindEnum, {
  name: 'NotificationKind',
  description: 'What people are told of (docs/notifications.md)',
  valuesMap: {
    APPROVAL_AWAITED: { description: 'A request is in your inbox: your decision can change what becomes of it' },
    WAIVER_AWAITED: { description: 'You may be the second person for a waiver' },
    REVIEW_AWAITED: { description: 'You may review a promotion past the policy' },
    REQUEST_OUTCOME: {
      description: 'Your request is blocked, needs changes, was applied, rejected or superseded, or has expired',
    },
    COMMENT: { description: 'Somebody has spoken about your request, or in a discussion that you have a part in' },
  },
});

const NotificationStateEnum = enumOf<NotificationState>(notificationStates);
registerEnumType(NotificationStateEnum, {
  name: 'NotificationState',
  valuesMap: {
    PENDING: { description: 'To be sent, or to be tried again' },
    SENT: { description: 'Taken by the mail server' },
    DROPPED: { description: 'It concerned you no more, or you want no such mail' },
    FAILED: { description: 'Refused for good, or not delivered within a day' },
  },
});

const NotificationChannelEnum = enumOf<Channel>(channels);
registerEnumType(NotificationChannelEnum, { name: 'NotificationChannel' });

@ObjectType('Notification', { description: 'That you are told of something, and whether it has reached you' })
export class NotificationType {
  @Field(() => NotificationKindEnum)
  kind: NotificationKind;
  @Field(() => Int, { description: 'Of the promotion request that it is about' })
  requestNumber: number;
  @Field(() => NotificationChannelEnum)
  channel: Channel;
  @Field(() => NotificationStateEnum)
  state: NotificationState;
  @Field(() => String, { nullable: true, description: 'Why it was dropped, or what failed last' })
  detail: string | null;
  @Field(() => Int, { description: 'How often it was tried' })
  attempts: number;
  @Field()
  createdAt: Date;
  @Field(() => Date, { nullable: true, description: 'When it was sent, dropped or given up' })
  closedAt: Date | null;
}

export const NotificationConnection = connectionType('Notification', () => NotificationType);

export function toNotification(source: Notification): NotificationType {
  const { kind, requestNumber, channel, state, detail, attempts, createdAt, closedAt } = source;
  return { kind, requestNumber, channel, state, detail, attempts, createdAt, closedAt };
}

@ObjectType('NotificationPreferences', {
  description: 'What a user wants to be told, and where. Nobody else is shown it',
})
export class NotificationPreferencesType {
  @Field(() => String, { nullable: true, description: 'Where mail goes; null: there is none' })
  email: string | null;
  @Field({ description: 'Your issuer has verified the address, and may change it when you sign in' })
  emailFromIssuer: boolean;
  @Field(() => [NotificationKindEnum], { description: 'What you do not want to be told' })
  muted: NotificationKind[];
}

export const toPreferences = ({ email, muted }: NotificationPreferences): NotificationPreferencesType => ({
  email: email?.address ?? null,
  emailFromIssuer: email?.claimed ?? false,
  muted,
});

@InputType()
export class NotificationPreferencesUpdateInput extends MutationInput {
  @Field(() => String, { nullable: true, description: 'Left out: as it is; null: no mail' })
  email?: string | null;
  @Field(() => [NotificationKindEnum], {
    nullable: true,
    description: 'All kinds that you do not want; left out: as they are',
  })
  muted?: NotificationKind[] | null;
}

@ObjectType()
export class NotificationPreferencesPayload extends MutationPayload {
  @Field(() => NotificationPreferencesType, { nullable: true })
  preferences?: NotificationPreferencesType | null;
}

@InputType()
export class PrincipalEmailUpdateInput extends MutationInput {
  @Field({ description: 'The user' })
  name: string;
  @Field(() => String, { nullable: true, description: 'null takes it away' })
  email?: string | null;
}

@ObjectType()
export class PrincipalEmailPayload extends MutationPayload {
  @Field(() => String, { nullable: true, description: 'The address as it is now' })
  email?: string | null;
}
