import { type Authentication, hashToken } from '@app/access';
import { Config, Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import { v7 as uuidv7 } from 'uuid';

interface SessionRow {
  id: string;
  name: string;
  kind: string;
  sessionId: string;
  touch: boolean;
  accessVersion: number;
}

/** Sessions are kept and looked for by the hash of their secret. */
@Injectable()
export class SessionRepository {
  private readonly idleMinutes: number;
  private readonly hours: number;

  constructor(
    private readonly db: Database,
    config: Config,
  ) {
    this.idleMinutes = config.settings.SESSION_IDLE_MINUTES;
    this.hours = config.settings.SESSION_HOURS;
  }

  async insert(secret: string, principalId: string): Promise<void> {
    await this.db.execute(sql`
      INSERT INTO sessions (id, principal_id, hash, expires_at)
      VALUES (${uuidv7()}::uuid, ${principalId}::uuid, ${hashToken(secret)}, now() + make_interval(hours => ${this.hours}))`);
  }

  /** Whose it is, and the access version of the same moment; undefined when it has ended, or its user is disabled. */
  async authenticate(secret: string): Promise<Authentication | undefined> {
    const row = await this.db.first<SessionRow>(sql`
      SELECT p.id, p.name, p.kind, s.id AS "sessionId", s.last_used_at < now() - interval '1 minute' AS touch,
        (SELECT version FROM access_version WHERE id = 1) AS "accessVersion"
      FROM sessions s JOIN principals p ON p.id = s.principal_id
      WHERE s.hash = ${hashToken(secret)} AND s.expires_at > now() AND p.disabled_at IS NULL
        AND s.last_used_at > now() - make_interval(mins => ${this.idleMinutes})`);
    if (!row) return undefined;
    // Once a minute is enough to know that it is used, and keeps reads from writing.
    if (row.touch)
      await this.db.execute(sql`UPDATE sessions SET last_used_at = now() WHERE id = ${row.sessionId}::uuid`);
    const { id, name, kind, accessVersion } = row;
    return { caller: { id, name, kind }, accessVersion };
  }

  async expiryOf(secret: string): Promise<Date | undefined> {
    const row = await this.db.first<{ expiresAt: Date }>(
      sql`SELECT expires_at AS "expiresAt" FROM sessions WHERE hash = ${hashToken(secret)}`,
    );
    return row?.expiresAt;
  }

  /** @returns whose it was */
  async delete(secret: string): Promise<{ id: string; name: string } | undefined> {
    return this.db.first(sql`
      DELETE FROM sessions s USING principals p WHERE s.hash = ${hashToken(secret)} AND p.id = s.principal_id
      RETURNING p.id, p.name`);
  }

  async deleteOf(principalId: string): Promise<void> {
    await this.db.execute(sql`DELETE FROM sessions WHERE principal_id = ${principalId}::uuid`);
  }

  /** An idle one is refused earlier, and deleted here all the same when its time is over. */
  async deleteExpired(): Promise<void> {
    await this.db.execute(sql`DELETE FROM sessions WHERE expires_at < now()`);
  }
}
