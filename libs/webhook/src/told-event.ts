import { type AuditedPlace, fullNameKey } from '@app/access';
import { type CloudEvent, cloudEvent } from '@app/outbound';
import { Config, Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import { ruleOfEventType } from './event-type.js';

/** Of types of events, so that they are nobody else's (CloudEvents asks for it). */
export const eventTypePrefix = 'imprimatur.';

/** What the audit trail says of an event, and of the promotion request that it belongs to. */
export interface ToldEvent extends AuditedPlace {
  id: string;
  action: string;
  occurredAt: Date;
  actorName: string;
  objectKind: string;
  objectName: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  promotionRequest: {
    number: number;
    kind: string;
    model: string;
    version: number;
    target: { kind: string; name: string };
  } | null;
}

/** The events that webhooks tell of, from the audit trail: the same body for every attempt, whenever it is made. */
@Injectable()
export class ToldEvents {
  constructor(
    private readonly config: Config,
    private readonly db: Database,
  ) {}

  byId(id: string): Promise<ToldEvent | undefined> {
    return this.db.first<ToldEvent>(sql`
      SELECT a.id, a.action, a.occurred_at AS "occurredAt", a.actor_name AS "actorName", a.object_kind AS "objectKind",
        a.object_name AS "objectName", a.securable_id AS "securableId", a.schema_id AS "schemaId",
        a.catalog_id AS "catalogId", a.before, a.after,
        CASE WHEN r.id IS NOT NULL THEN jsonb_build_object('number', r.number, 'kind', r.kind, 'model', r.model_full_name,
          'version', r.version_number, 'target', jsonb_build_object('kind', r.target_kind, 'name', r.target_name))
        END AS "promotionRequest"
      FROM audit_events a LEFT JOIN promotion_requests r ON r.id = (CASE a.object_kind
        WHEN 'PROMOTION_REQUEST' THEN a.object_id ELSE a.after ->> 'promotionRequestId' END)::uuid
      WHERE a.id = ${id}::uuid`);
  }

  /** The name of a model as MLflow's clients know it: flat in the default schema. */
  flatName(fullName: string): string {
    const prefix = `${this.config.settings.DEFAULT_SCHEMA}.`;
    const isFlat = fullNameKey('REGISTERED_MODEL', fullName).startsWith(fullNameKey('SCHEMA', prefix));
    return isFlat ? fullName.slice(prefix.length) : fullName;
  }

  /** The event as a receiver gets it: thin. Whoever needs more asks, with rights of his own. */
  toCloudEvent(event: ToldEvent): CloudEvent {
    const { id, action, occurredAt, actorName, objectKind, objectName, promotionRequest } = event;
    const told = ruleOfEventType(action)?.tells ?? [];
    const data = {
      actor: actorName,
      object: { kind: objectKind, name: objectName },
      before: picked(event.before, told),
      after: picked(event.after, told),
      promotionRequest: promotionRequest ?? undefined,
    };
    const { publicUrl: source } = this.config;
    return cloudEvent({ id, type: eventTypePrefix + action, source, subject: objectName, time: occurredAt, data });
  }
}

function picked(values: Record<string, unknown> | null, keys: readonly string[]): Record<string, unknown> | undefined {
  const entries = keys.flatMap((key) => (values && values[key] !== undefined ? [[key, values[key]]] : []));
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}
