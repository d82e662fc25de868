import type { Refusal } from '@app/access';
import { currentContext, Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import { v7 as uuidv7 } from 'uuid';
import type { AuditEvent, NewAuditEvent } from './audit-event.js';

/** An event as it is written: who, from where and under which request id are those of the request that it was made in. */
export type AuditRow = ReturnType<typeof toRow>;

/** Writes the audit trail. Who, on whose behalf, when, from where and under which request id are filled in here. */
@Injectable()
export class AuditLog {
  constructor(private readonly db: Database) {}

  /** Call once for each change, in the transaction of the change itself, right after the write. */
  record(event: NewAuditEvent): Promise<void> {
    return this.recordAll([event]);
  }

  /** The same for one call that makes several changes. */
  recordAll(events: readonly NewAuditEvent[]): Promise<void> {
    return this.write(events.map((event) => this.row(event)));
  }

  /** An event of the request that it is made in, to be written by `write` together with those of others, in the transaction of their changes. */
  row(event: NewAuditEvent): AuditRow {
    return toRow(event, 'ALLOWED');
  }

  /** A refusal of now and here, to be written later (refusal-log.ts). */
  refusalRow({ privilege, object, rule, reason = `lacks ${privilege}` }: Refusal): AuditRow {
    const event: NewAuditEvent = {
      action: 'access.refused',
      object: { kind: object.kind, id: object.id, name: object.fullName, within: object },
      after: { privilege, rule },
      reason,
    };
    return { ...toRow(event, 'REFUSED'), occurred_at: new Date() };
  }

  /**
   * An event happens when it is written, under the lock of what it changed, and not when its transaction began: so the
   * events of one object are in the order of their instants, also when transactions end in another order than they began in
   * (docs/audit.md, "As of a time"). The rows of one statement have one instant.
   */
  async write(rows: readonly AuditRow[]): Promise<void> {
    await this.db.execute(sql`
      INSERT INTO audit_events (id, occurred_at, actor_id, actor_name, on_behalf_of, action, outcome, object_kind, object_id, object_name,
        securable_id, schema_id, catalog_id, before, after, reason, request_id, source_address)
      SELECT e.id, COALESCE(e.occurred_at, (SELECT clock_timestamp())), e.actor_id, e.actor_name, e.on_behalf_of, e.action,
        e.outcome, e.object_kind, e.object_id, e.object_name, e.securable_id, e.schema_id, e.catalog_id, e.before, e.after,
        e.reason, e.request_id, e.source_address
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS e(id uuid, occurred_at timestamptz, actor_id uuid,
        actor_name text, on_behalf_of text, action text, outcome text, object_kind text, object_id text, object_name text, securable_id uuid,
        schema_id uuid, catalog_id uuid, before jsonb, after jsonb, reason text, request_id text, source_address text)`);
  }
}

function toRow(
  { id, action, object, before, after, reason, occurredAt }: NewAuditEvent,
  outcome: AuditEvent['outcome'],
) {
  const context = currentContext();
  if (!context?.caller) throw new Error(`an audit event needs a caller: ${action}`);
  const { caller, onBehalfOf, requestId, address } = context;
  return {
    id: id ?? uuidv7(),
    /** Absent: when it is written. */
    occurred_at: occurredAt,
    actor_id: caller.id,
    actor_name: caller.name,
    on_behalf_of: onBehalfOf,
    action,
    outcome,
    object_kind: object.kind,
    object_id: object.id,
    object_name: object.name,
    securable_id: object.within?.id,
    schema_id: object.within?.schemaId,
    catalog_id: object.within?.catalogId,
    before,
    after,
    reason,
    request_id: requestId,
    source_address: address,
  };
}
