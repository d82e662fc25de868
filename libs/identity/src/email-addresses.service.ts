import { Access, PrincipalRepository } from '@app/access';
import { AuditLog } from '@app/audit';
import { actAs, type Caller, FailedPrecondition, NotFound, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { Administration } from './administration.js';
import { checkedEmail, type EmailAddress, isEmailAddress } from './email-address.js';
import { EmailAddressRepository } from './email-address.repository.js';
import { principalObject } from './principal.service.js';

/** Where users get mail. An address is shown to its user and to administrators, and to nobody else. */
@Injectable()
export class EmailAddresses {
  constructor(
    private readonly access: Access,
    private readonly addresses: EmailAddressRepository,
    private readonly administration: Administration,
    private readonly audit: AuditLog,
    private readonly principals: PrincipalRepository,
    private readonly transaction: Transaction,
  ) {}

  /** The caller's own. */
  own(): Promise<EmailAddress | undefined> {
    return this.addresses.of(this.access.caller().id);
  }

  /** Enters the caller's own address; null takes it away. @throws InvalidArgument; FailedPrecondition for who is no user */
  setOwn(address: string | null): Promise<void> {
    return this.change(this.access.caller().id, address);
  }

  /**
   * Enters the address of another user; null takes it away. Needs MANAGE on the metastore.
   * @throws PermissionDenied, NotFound, InvalidArgument; FailedPrecondition for what is no user
   */
  async set(principalId: string, address: string | null): Promise<EmailAddress | undefined> {
    await this.administration.authorize();
    await this.change(principalId, address);
    return this.addresses.of(principalId);
  }

  /** For the worker, which has been asked for no right. */
  of(principalId: string): Promise<EmailAddress | undefined> {
    return this.addresses.of(principalId);
  }

  /** Takes over what an issuer has verified, at a login. What somebody entered here stays. */
  async claim(user: Caller, address: string | null): Promise<void> {
    if (address === null || !isEmailAddress(address)) return;
    const known = await this.addresses.of(user.id);
    if (known && (!known.claimed || known.address === address)) return;
    await actAs(user, () =>
      this.transaction.run(async () => {
        if (await this.addresses.put(user.id, { address, claimed: true })) await this.record(user, 'set', 'login');
      }),
    );
  }

  private async change(principalId: string, address: string | null): Promise<void> {
    const checked = address === null ? null : checkedEmail(address);
    await this.transaction.run(async () => {
      const user = await this.principals.lock(principalId);
      if (!user) throw new NotFound('Principal', principalId);
      if (user.kind !== 'USER') {
        throw new FailedPrecondition('NOT_A_USER', `"${user.name}" is no user: mail is for people`, undefined, [
          'email',
        ]);
      }
      const changed =
        checked === null
          ? await this.addresses.remove(user.id)
          : await this.addresses.put(user.id, { address: checked, claimed: false });
      if (changed) await this.record(user, checked === null ? 'removed' : 'set', null);
    });
  }

  /** The trail keeps for ever what it has: it says that there is another address, and not which. */
  private record(user: Pick<Caller, 'id' | 'name'>, email: 'set' | 'removed', reason: string | null): Promise<void> {
    return this.audit.record({
      action: 'principal.email_changed',
      object: principalObject(user),
      after: { email },
      reason,
    });
  }
}
