import type { SecurableKind } from '@app/access';
import { Database, FailedPrecondition } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';

/** Whether the log still has all that a state is folded from: events may be deleted, by a record (docs/audit.md, Retention). */
@Injectable()
export class DeletedPeriods {
  constructor(private readonly db: Database) {}

  /**
   * No answer is better than a wrong one.
   * @throws FailedPrecondition when events that say what was so of such an object are gone
   */
  async demandNone(kind: SecurableKind): Promise<void> {
    const classes = kind === 'EXPERIMENT' ? ['GOVERNANCE', 'TRACKING'] : ['GOVERNANCE'];
    const record = await this.db.first<{ id: string; class: string }>(sql`
      SELECT id, after ->> 'class' AS class FROM audit_events
      WHERE action = 'audit_log.period_deleted' AND outcome = 'ALLOWED' AND after ->> 'class' = ANY(${classes}::text[]) LIMIT 1`);
    if (!record) return;
    throw new FailedPrecondition(
      'AUDIT_PERIOD_DELETED',
      `events of the class ${record.class} were deleted from the log, as event ${record.id} records: what was so before cannot be ` +
        'told from the others. Who held the targets of a model still is (holders); for all else, replay an export from before the deletion',
    );
  }
}
