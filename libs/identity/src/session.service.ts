import { randomBytes } from 'node:crypto';
import { type Authentication, Unauthenticated } from '@app/access';
import { AuditLog } from '@app/audit';
import { actAs, type Caller, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { SessionRepository } from './session.repository.js';

/** Sessions of browsers. They end when they are not used, when they are old, at logout, and with their user. */
@Injectable()
export class Sessions {
  constructor(
    private readonly audit: AuditLog,
    private readonly sessions: SessionRepository,
    private readonly transaction: Transaction,
  ) {}

  /**
   * Begins a session, and ends the one that the browser had: nobody who knew that one is in the new one.
   * @returns its secret, 256 random bits: for the cookie, and kept nowhere
   */
  async begin(user: Caller, former?: string): Promise<string> {
    const secret = randomBytes(32).toString('base64url');
    await this.transaction.run(() =>
      actAs(user, async () => {
        if (former) await this.sessions.delete(former);
        await this.sessions.insert(secret, user.id);
        await this.audit.record({ action: 'session.begun', object: sessionOf(user) });
      }),
    );
    return secret;
  }

  /** One statement. @throws Unauthenticated when it has ended */
  async authenticate(secret: string): Promise<Authentication> {
    const found = await this.sessions.authenticate(secret);
    if (!found) throw new Unauthenticated('your session has ended: sign in again');
    return found;
  }

  /** When it ends, used or not. */
  expiryOf(secret: string): Promise<Date | undefined> {
    return this.sessions.expiryOf(secret);
  }

  /** From the next request on, on every process, it is refused. */
  async end(secret: string): Promise<void> {
    await this.transaction.run(async () => {
      const user = await this.sessions.delete(secret);
      if (user) await this.audit.record({ action: 'session.ended', object: sessionOf(user) });
    });
  }

  /** Forgets sessions that are over. */
  purge(): Promise<void> {
    return this.sessions.deleteExpired();
  }
}

const sessionOf = ({ id, name }: Pick<Caller, 'id' | 'name'>) =>
  ({ kind: 'PRINCIPAL', id, name, within: null }) as const;
