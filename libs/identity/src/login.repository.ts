import { hashToken } from '@app/access';
import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';

/** A login that was sent to its issuer. */
export interface LoginAttempt {
  issuer: string;
  nonce: string;
  codeVerifier: string;
  returnTo: string;
}

/** Logins on their way, by the hash of their state and of the browser that they began in. */
@Injectable()
export class LoginRepository {
  constructor(private readonly db: Database) {}

  /** Also forgets those that never came back: whoever begins logins without end keeps no more than ten minutes of them. */
  async insert(state: string, browser: string, attempt: LoginAttempt): Promise<void> {
    const { issuer, nonce, codeVerifier, returnTo } = attempt;
    await this.db.execute(sql`
      WITH forgotten AS (DELETE FROM login_attempts WHERE expires_at < now())
      INSERT INTO login_attempts (state_hash, browser_hash, issuer, nonce, code_verifier, return_to, expires_at)
      VALUES (${hashToken(state)}, ${hashToken(browser)}, ${issuer}, ${nonce}, ${codeVerifier}, ${returnTo},
        now() + interval '10 minutes')`);
  }

  /** Takes an attempt away, so that it is answered once; undefined when there is none, or it began in another browser. */
  take(state: string, browser: string): Promise<LoginAttempt | undefined> {
    return this.db.first<LoginAttempt>(sql`
      DELETE FROM login_attempts
      WHERE state_hash = ${hashToken(state)} AND browser_hash = ${hashToken(browser)} AND expires_at > now()
      RETURNING issuer, nonce, code_verifier AS "codeVerifier", return_to AS "returnTo"`);
  }
}
