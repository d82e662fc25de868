import { Database } from '@app/platform';
import type { DsseEnvelope } from '@app/signing';
import { Injectable } from '@nestjs/common';
import sql, { raw, type Sql } from 'sql-template-tag';

/** The signed statement of an applied request. Never changed afterwards. */
export interface SignedStatement {
  requestId: string;
  kid: string;
  predicateType: string;
  envelope: DsseEnvelope;
  createdAt: Date;
}

const columns = raw(`t.request_id AS "requestId", t.kid, t.predicate_type AS "predicateType", t.envelope,
  t.created_at AS "createdAt"`);

@Injectable()
export class PromotionStatementRepository {
  constructor(private readonly db: Database) {}

  /** The time of a write that is about to happen: later than the waits of its transaction. */
  async clock(): Promise<Date> {
    const row = await this.db.first<{ now: Date }>(sql`SELECT clock_timestamp()::timestamptz(3) AS now`);
    if (!row) throw new Error('a SELECT without FROM answers with one row');
    return row.now;
  }

  async insert({ requestId, kid, predicateType, envelope }: Omit<SignedStatement, 'createdAt'>): Promise<void> {
    await this.db.execute(sql`
      INSERT INTO promotion_statements (request_id, kid, predicate_type, envelope, created_at)
      VALUES (${requestId}::uuid, ${kid}, ${predicateType}, ${JSON.stringify(envelope)}::jsonb, clock_timestamp())`);
  }

  byRequest(requestId: string): Promise<SignedStatement | undefined> {
    return this.db.first<SignedStatement>(
      sql`SELECT ${columns} FROM promotion_statements t WHERE t.request_id = ${requestId}::uuid`,
    );
  }

  /** @param readable a predicate over the model, the row `s` of securables */
  ofRequests(requestIds: readonly string[], readable: Sql): Promise<SignedStatement[]> {
    return this.db.query<SignedStatement>(sql`
      SELECT ${columns} FROM promotion_statements t JOIN promotion_requests r ON r.id = t.request_id
      JOIN securables s ON s.id = r.model_id WHERE t.request_id = ANY(${requestIds}::uuid[]) AND ${readable}`);
  }
}
