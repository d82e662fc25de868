import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import { Database } from '../database/database.js';

/** A key belongs to the principal that chose it. */
export interface IdempotencyKey {
  principalId: string;
  key: string;
}

/** What was answered to the first request with a key; no answer while it is not there, or when it must not be kept. */
export interface KeptAnswer {
  bodyHash: string;
  status: number | null;
  /** `allowed`: what the caller was allowed for it, to be asked again before it is repeated. */
  response: { body: string; contentType: string; allowed?: string[] } | null;
}

/** Answers to writes with an Idempotency-Key, kept for a day. */
@Injectable()
export class IdempotencyKeys {
  constructor(private readonly db: Database) {}

  /** @returns false when the key was used already */
  async reserve({ principalId, key }: IdempotencyKey, bodyHash: string): Promise<boolean> {
    const inserted = await this.db.execute(sql`
      INSERT INTO idempotency_keys (principal_id, key, body_hash) VALUES (${principalId}::uuid, ${key}, ${bodyHash})
      ON CONFLICT DO NOTHING`);
    return inserted > 0;
  }

  find({ principalId, key }: IdempotencyKey): Promise<KeptAnswer | undefined> {
    return this.db.first<KeptAnswer>(sql`
      SELECT body_hash AS "bodyHash", status, response FROM idempotency_keys
      WHERE principal_id = ${principalId}::uuid AND key = ${key}`);
  }

  async keep({ principalId, key }: IdempotencyKey, status: number, response: KeptAnswer['response']): Promise<void> {
    await this.db.execute(sql`
      UPDATE idempotency_keys SET status = ${status}, response = ${JSON.stringify(response)}::jsonb
      WHERE principal_id = ${principalId}::uuid AND key = ${key}`);
  }

  /** Keeps an answer to a request that chose no key, and so reserved none. */
  async put({ principalId, key }: IdempotencyKey, answer: Required<KeptAnswer>): Promise<void> {
    const { bodyHash, status, response } = answer;
    await this.db.execute(sql`
      INSERT INTO idempotency_keys (principal_id, key, body_hash, status, response)
      VALUES (${principalId}::uuid, ${key}, ${bodyHash}, ${status}, ${JSON.stringify(response)}::jsonb)
      ON CONFLICT (principal_id, key) DO UPDATE
      SET status = excluded.status, response = excluded.response, created_at = now()`);
  }

  /** Hands an answer out to one who asks, and keeps it no longer. */
  take({ principalId, key }: IdempotencyKey, youngerThanSeconds: number): Promise<KeptAnswer | undefined> {
    return this.db.first<KeptAnswer>(sql`
      DELETE FROM idempotency_keys WHERE principal_id = ${principalId}::uuid AND key = ${key}
        AND created_at > now() - make_interval(secs => ${youngerThanSeconds})
      RETURNING body_hash AS "bodyHash", status, response`);
  }

  /** The key may be used again: its request failed for a reason of ours. */
  async release({ principalId, key }: IdempotencyKey): Promise<void> {
    await this.db.execute(sql`DELETE FROM idempotency_keys WHERE principal_id = ${principalId}::uuid AND key = ${key}`);
  }

  /** Forgets the keys of yesterday and before. */
  async purge(): Promise<void> {
    await this.db.execute(sql`DELETE FROM idempotency_keys WHERE created_at < now() - interval '1 day'`);
  }
}
