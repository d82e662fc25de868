import { Access, HiddenObject, METASTORE_ID, type Refusal } from '@app/access';
import { NotFound, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import type { AuditEvent, AuditObject } from './audit-event.js';
import type { AuditFilter } from './audit-filter.js';
import { AuditTrailReader } from './audit-trail.reader.js';

/**
 * Reads the audit trail. READ_AUDIT decides event by event, in SQL: on the metastore for everything, on a catalog, a
 * schema or a model for what happened in it. It needs no usage gates, and outlives the objects.
 */
@Injectable()
export class AuditTrail {
  constructor(
    private readonly access: Access,
    private readonly reader: AuditTrailReader,
  ) {}

  /**
   * The events that the caller may read, newest first.
   * @throws InvalidArgument for a wrong page, cursor or filter
   */
  async list(filter: AuditFilter, args: PageArgs): Promise<Page<AuditEvent>> {
    const visible = await this.access.whereMayReadAudit('a');
    return this.reader.page(filter, visible, args);
  }

  /** How many `list` would walk through. */
  async count(filter: AuditFilter): Promise<number> {
    const visible = await this.access.whereMayReadAudit('a');
    return this.reader.count(filter, visible);
  }

  /** The timeline of an object; of a securable, with all that is in it. */
  forObject(object: { kind: AuditObject['kind']; id: string }, args: PageArgs): Promise<Page<AuditEvent>> {
    return this.list({ object }, args);
  }

  /** Those of the events that the caller may read, in any order. */
  async byIds(ids: readonly string[]): Promise<AuditEvent[]> {
    return this.reader.byIds(ids, await this.access.whereMayReadAudit('a'));
  }

  /** @throws NotFound when there is no such event, or the caller may not read it */
  async get(id: string): Promise<AuditEvent> {
    this.access.caller();
    const event = await this.reader.byId(id);
    if (!event) throw new NotFound('Audit event', id);
    if (await this.access.mayReadAudit(event)) return event;
    throw new HiddenObject('Audit event', id, { privilege: 'READ_AUDIT', object: placeOf(event) });
  }
}

/** The securable that an event happened in, as far as the event itself tells. */
function placeOf({ id, securableId, schemaId, catalogId }: AuditEvent): Refusal['object'] {
  const kind =
    securableId === null
      ? 'METASTORE'
      : catalogId === null
        ? 'EXPERIMENT'
        : securableId === catalogId
          ? 'CATALOG'
          : securableId === schemaId
            ? 'SCHEMA'
            : 'REGISTERED_MODEL';
  return { id: securableId ?? METASTORE_ID, kind, fullName: `audit event ${id}`, schemaId, catalogId };
}
