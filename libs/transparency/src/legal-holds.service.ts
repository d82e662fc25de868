import { Access, SecurableRepository } from '@app/access';
import { AuditLog } from '@app/audit';
import { AlreadyExists, FailedPrecondition, NotFound, type Page, type PageArgs, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { auditedHold, checkedHold, checkedReason, type LegalHold, type LegalHoldInput } from './legal-hold.js';
import { LegalHoldRepository } from './legal-hold.repository.js';
import { MetastoreRights } from './metastore-rights.js';

/** Legal holds: holders of MANAGE on the metastore place and release them, and its auditors see them. */
@Injectable()
export class LegalHolds {
  constructor(
    private readonly access: Access,
    private readonly audit: AuditLog,
    private readonly holds: LegalHoldRepository,
    private readonly rights: MetastoreRights,
    private readonly securables: SecurableRepository,
    private readonly transaction: Transaction,
  ) {}

  /** The newest first, released ones too. Needs READ_AUDIT on the metastore. @throws NotFound, PermissionDenied */
  async list(args: PageArgs): Promise<Page<LegalHold>> {
    await this.rights.require('READ_AUDIT');
    return this.holds.page(args);
  }

  async count(): Promise<number> {
    await this.rights.require('READ_AUDIT');
    return this.holds.count();
  }

  /**
   * Holds what happened, and will happen, to an object and in it. From the commit on no deletion takes it. Needs MANAGE on the
   * metastore, and READ_AUDIT on the object.
   * @throws NotFound for an object that is absent or hidden; PermissionDenied, InvalidArgument; AlreadyExists for the name
   */
  async place(input: LegalHoldInput): Promise<LegalHold> {
    const { caller } = await this.rights.require('MANAGE');
    const { kind, fullName } = input.on;
    const found = await this.securables.byFullName(kind, fullName);
    const { object } = await this.access.authorize('READ_AUDIT', found, kind, fullName);
    const checked = checkedHold(input);
    return this.transaction.run(async () => {
      const hold = await this.holds.insert({
        ...checked,
        id: uuidv7(),
        securableId: object.id,
        objectKind: kind,
        objectName: object.fullName,
        placedBy: caller.name,
      });
      if (!hold) throw new AlreadyExists('Legal hold', checked.name);
      const { objectKind, objectName, eventsFrom, eventsTo } = hold;
      await this.audit.record({
        action: 'legal_hold.placed',
        object: auditedHold(hold),
        after: { objectKind, objectName, eventsFrom, eventsTo },
        reason: hold.reason,
      });
      return hold;
    });
  }

  /**
   * Ends a hold. Needs MANAGE on the metastore.
   * @throws NotFound when there is none of this name; FailedPrecondition when it was released; PermissionDenied, InvalidArgument
   */
  async release(name: string, reason: string): Promise<LegalHold> {
    const { caller } = await this.rights.require('MANAGE');
    const why = checkedReason(reason);
    return this.transaction.run(async () => {
      const hold = await this.holds.release(name, caller.name, why);
      if (!hold) throw await this.notHolding(name);
      const { objectKind, objectName } = hold;
      await this.audit.record({
        action: 'legal_hold.released',
        object: auditedHold(hold),
        before: { objectKind, objectName },
        reason: why,
      });
      return hold;
    });
  }

  private async notHolding(name: string): Promise<Error> {
    const hold = await this.holds.byName(name);
    if (!hold) return new NotFound('Legal hold', name, ['name']);
    const when = hold.releasedAt?.toISOString();
    return new FailedPrecondition(
      'LEGAL_HOLD_RELEASED',
      `Legal hold "${name}" was released by ${hold.releasedBy} at ${when}`,
    );
  }
}
