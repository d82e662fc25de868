import { Access, PrincipalRepository } from '@app/access';
import { AuditLog } from '@app/audit';
import { type EmailAddress, EmailAddresses } from '@app/identity';
import { FailedPrecondition, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { MutedNotificationRepository } from './muted-notification.repository.js';
import type { NotificationKind } from './notification.js';

export interface NotificationPreferences {
  /** Where the user gets mail. */
  email: EmailAddress | undefined;
  /** The kinds that he does not want. */
  muted: NotificationKind[];
}

export interface PreferenceChanges {
  /** Left out: as it is; null: no mail. */
  email?: string | null;
  /** All kinds that are not wanted. Left out: as they are. */
  muted?: readonly NotificationKind[];
}

/** What people want to be told, and where. Each decides it for himself. */
@Injectable()
export class NotificationPreferencesService {
  constructor(
    private readonly access: Access,
    private readonly audit: AuditLog,
    private readonly emails: EmailAddresses,
    private readonly muted: MutedNotificationRepository,
    private readonly principals: PrincipalRepository,
    private readonly transaction: Transaction,
  ) {}

  /** The caller's own. */
  async own(): Promise<NotificationPreferences> {
    return { email: await this.emails.own(), muted: await this.muted.of(this.access.caller().id) };
  }

  /** Changes the caller's own. @throws InvalidArgument for an address that is none; FailedPrecondition for who is no user */
  update({ email, muted }: PreferenceChanges): Promise<NotificationPreferences> {
    return this.transaction.run(async () => {
      if (email !== undefined) await this.emails.setOwn(email);
      if (muted !== undefined) await this.mute(muted);
      return this.own();
    });
  }

  private async mute(kinds: readonly NotificationKind[]): Promise<void> {
    const user = await this.principals.lock(this.access.caller().id);
    if (user?.kind !== 'USER') {
      throw new FailedPrecondition('NOT_A_USER', 'notifications are for people: you are no user');
    }
    const before = await this.muted.of(user.id);
    await this.muted.replace(user.id, kinds);
    const after = await this.muted.of(user.id);
    if (before.join() === after.join()) return;
    await this.audit.record({
      action: 'principal.notifications_changed',
      object: { kind: 'PRINCIPAL', id: user.id, name: user.name, within: null },
      before: { muted: before },
      after: { muted: after },
    });
  }
}
