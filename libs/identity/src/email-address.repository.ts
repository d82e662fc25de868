import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import type { EmailAddress } from './email-address.js';

@Injectable()
export class EmailAddressRepository {
  constructor(private readonly db: Database) {}

  of(principalId: string): Promise<EmailAddress | undefined> {
    return this.db.first<EmailAddress>(
      sql`SELECT address, claimed FROM email_addresses WHERE principal_id = ${principalId}::uuid`,
    );
  }

  /** @returns false when it was that already, or when it is claimed and somebody has entered another one here */
  async put(principalId: string, { address, claimed }: EmailAddress): Promise<boolean> {
    const put = await this.db.execute(sql`
      INSERT INTO email_addresses AS e (principal_id, address, claimed) VALUES (${principalId}::uuid, ${address}, ${claimed}::boolean)
      ON CONFLICT (principal_id) DO UPDATE SET address = excluded.address, claimed = excluded.claimed, set_at = now()
      WHERE (e.address, e.claimed) IS DISTINCT FROM (excluded.address, excluded.claimed) AND (e.claimed OR NOT excluded.claimed)`);
    return put > 0;
  }

  /** @returns false when there was none */
  async remove(principalId: string): Promise<boolean> {
    const removed = await this.db.execute(sql`DELETE FROM email_addresses WHERE principal_id = ${principalId}::uuid`);
    return removed > 0;
  }
}
