import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw } from 'sql-template-tag';
import { v7 as uuidv7 } from 'uuid';
import type { Decision } from './review.js';

/** A Decision from the row `d` of decisions. */
export const decisionColumns =
  raw(`d.id, d.request_id AS "requestId", d.principal_id AS "principalId", d.verdict, d.comment,
  d.evidence_digest AS "evidenceDigest", d.decided_at AS "decidedAt", d.ended_at AS "endedAt", d.ending`);

type Ending = NonNullable<Decision['ending']>;

@Injectable()
export class DecisionRepository {
  constructor(private readonly db: Database) {}

  /** Those that stand, stale ones included, in the order in which they were made. */
  standing(requestId: string): Promise<Decision[]> {
    return this.db.query<Decision>(sql`
      SELECT ${decisionColumns} FROM decisions d WHERE d.request_id = ${requestId}::uuid AND d.ended_at IS NULL
      ORDER BY d.decided_at, d.id`);
  }

  standingOf(requestIds: readonly string[]): Promise<Decision[]> {
    return this.db.query<Decision>(sql`
      SELECT ${decisionColumns} FROM decisions d WHERE d.request_id = ANY(${requestIds}::uuid[]) AND d.ended_at IS NULL
      ORDER BY d.decided_at, d.id`);
  }

  /** What one reviewer has decided on each of the requests, where it stands. */
  standingBy(principalId: string, requestIds: readonly string[]): Promise<Decision[]> {
    return this.db.query<Decision>(sql`
      SELECT ${decisionColumns} FROM decisions d
      WHERE d.principal_id = ${principalId}::uuid AND d.request_id = ANY(${requestIds}::uuid[]) AND d.ended_at IS NULL`);
  }

  async insert(
    decision: Pick<Decision, 'requestId' | 'principalId' | 'verdict' | 'comment' | 'evidenceDigest'>,
  ): Promise<Decision> {
    const made = await this.db.first<Decision>(sql`
      INSERT INTO decisions AS d (id, request_id, principal_id, verdict, comment, evidence_digest, decided_at)
      VALUES (${uuidv7()}::uuid, ${decision.requestId}::uuid, ${decision.principalId}::uuid, ${decision.verdict},
        ${decision.comment}, ${decision.evidenceDigest}, clock_timestamp())
      RETURNING ${decisionColumns}`);
    if (!made) throw new Error('an INSERT answers with its row');
    return made;
  }

  async end(ids: readonly string[], ending: Ending): Promise<void> {
    await this.db.execute(
      sql`UPDATE decisions SET ended_at = clock_timestamp(), ending = ${ending} WHERE id = ANY(${ids}::uuid[]) AND ended_at IS NULL`,
    );
  }
}
