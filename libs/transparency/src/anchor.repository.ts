import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import type { Checkpoint } from './log.repository.js';

/** How far an anchor has come. */
export interface AnchorState {
  id: string;
  /** What was written last; null: nothing yet. */
  treeSize: number | null;
  rootHash: Buffer | null;
  anchoredAt: Date | null;
  /** Tries that failed since. */
  failures: number;
  error: string | null;
  failedAt: Date | null;
  /** The log did not go on from what was written last. */
  inconsistent: boolean;
  /** Since when there is a checkpoint that it does not have, in seconds; 0: it has the newest. */
  ageSeconds: number;
}

@Injectable()
export class AnchorRepository {
  constructor(private readonly db: Database) {}

  async add(ids: readonly string[]): Promise<void> {
    await this.db.execute(sql`
      INSERT INTO audit_anchors (id) SELECT unnest(${ids}::text[]) ON CONFLICT DO NOTHING`);
  }

  /** Takes those that are due, for so many seconds: what dies with its process is due again afterwards. */
  claim(
    ids: readonly string[],
    seconds: number,
  ): Promise<Pick<AnchorState, 'id' | 'treeSize' | 'rootHash' | 'failures'>[]> {
    return this.db.query(sql`
      UPDATE audit_anchors SET due_at = now() + make_interval(secs => ${seconds})
      WHERE id = ANY(${ids}::text[]) AND due_at <= now()
      RETURNING id, tree_size AS "treeSize", root_hash AS "rootHash", failures`);
  }

  /** There is nothing to write. */
  async rest(id: string, seconds: number): Promise<void> {
    await this.db.execute(sql`
      UPDATE audit_anchors SET due_at = now() + make_interval(secs => ${seconds}) WHERE id = ${id}`);
  }

  async anchored(id: string, { treeSize, rootHash }: Checkpoint, seconds: number): Promise<void> {
    await this.db.execute(sql`
      UPDATE audit_anchors SET tree_size = ${treeSize}, root_hash = ${rootHash}, anchored_at = now(), failures = 0,
        error = NULL, failed_at = NULL, inconsistent = FALSE, due_at = now() + make_interval(secs => ${seconds})
      WHERE id = ${id}`);
  }

  async failed(id: string, error: string, inconsistent: boolean, seconds: number): Promise<void> {
    await this.db.execute(sql`
      UPDATE audit_anchors SET failures = failures + 1, error = ${error}, failed_at = now(),
        inconsistent = ${inconsistent}, due_at = now() + make_interval(secs => ${seconds})
      WHERE id = ${id}`);
  }

  /** Those that have been tried, in no order. */
  states(ids: readonly string[]): Promise<AnchorState[]> {
    return this.db.query<AnchorState>(sql`
      SELECT a.id, a.tree_size AS "treeSize", a.root_hash AS "rootHash", a.anchored_at AS "anchoredAt", a.failures, a.error,
        a.failed_at AS "failedAt", a.inconsistent, COALESCE(extract(epoch FROM now() - missing.created_at), 0)::float8 AS "ageSeconds"
      FROM audit_anchors a LEFT JOIN LATERAL (
        SELECT c.created_at FROM log_checkpoints c WHERE c.tree_size > COALESCE(a.tree_size, 0)
        ORDER BY c.tree_size LIMIT 1) AS missing ON TRUE
      WHERE a.id = ANY(${ids}::text[])`);
  }
}
