import { AuditLog } from '@app/audit';
import { Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { type AuditClass, type AuditRetention, auditClasses, checkedDays } from './audit-retention.js';
import { AuditRetentionRepository } from './audit-retention.repository.js';
import { checkedReason } from './legal-hold.js';
import { MetastoreRights } from './metastore-rights.js';

/**
 * How long events are kept. A rule deletes nothing: the operator does, with another role of the database, and no more than the rules
 * allow (prisma/purge-audit.mjs).
 */
@Injectable()
export class AuditRetentions {
  constructor(
    private readonly audit: AuditLog,
    private readonly retentions: AuditRetentionRepository,
    private readonly rights: MetastoreRights,
    private readonly transaction: Transaction,
  ) {}

  /** Every class, in their order. Needs READ_AUDIT on the metastore. @throws NotFound, PermissionDenied */
  async list(): Promise<AuditRetention[]> {
    await this.rights.require('READ_AUDIT');
    const said = await this.retentions.all();
    return auditClasses.map(
      (eventClass) =>
        said.find((each) => each.eventClass === eventClass) ?? { eventClass, days: null, changedAt: null },
    );
  }

  /**
   * Says how long the events of a class are kept. Needs MANAGE on the metastore.
   * @param days null: for ever
   * @throws InvalidArgument for a number that cannot be, or no reason; NotFound, PermissionDenied
   */
  async set(eventClass: AuditClass, days: number | null, reason: string): Promise<AuditRetention> {
    await this.rights.require('MANAGE');
    const [checked, why] = [checkedDays(days), checkedReason(reason)];
    return this.transaction.run(async () => {
      const before = await this.retentions.lock(eventClass);
      const after = await this.retentions.set(eventClass, checked);
      await this.audit.record({
        action: 'audit_retention.changed',
        object: { kind: 'AUDIT_RETENTION', id: eventClass, name: eventClass, within: null },
        before: { days: before },
        after: { days: checked },
        reason: why,
      });
      return after;
    });
  }
}
