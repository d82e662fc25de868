import type { AuditedPlace, Securable, SecurableKind } from '@app/access';

/** What an event is about. Objects that are no securable name the securable that they stand in. */
export interface AuditObject {
  /** MODEL_VERSION, PROMOTION_REQUEST, PRINCIPAL, …, or the kind of a securable. */
  kind:
    | SecurableKind
    | 'MODEL_VERSION'
    | 'PROMOTION_REQUEST'
    | 'POLICY'
    | 'GRANT'
    | 'PRINCIPAL'
    | 'ACCESS_TOKEN'
    | 'RUN'
    | 'JOB'
    | 'LOGGED_MODEL'
    | 'GATE_RUN'
    | 'MODEL_ENDPOINT'
    | 'SIGNING_KEY'
    | 'VALIDATOR'
    | 'WEBHOOK'
    | 'LEGAL_HOLD'
    | 'AUDIT_RETENTION';
  id: string | null;
  /** The full name that people know: prod.fraud.scorer/3, promotion request 412, a principal's name. */
  name: string;
  /** The securable that decides who may read the event; null: the metastore's auditors only. */
  within: Pick<Securable, 'id' | 'catalogId' | 'schemaId'> | null;
}

export interface NewAuditEvent {
  /** A new uuid, when the caller has to know it. */
  id?: string;
  /** <noun>.<past tense>: model_version.registered. */
  action: string;
  object: AuditObject;
  before?: unknown;
  after?: unknown;
  reason?: string | null;
  /** When the change has an instant of its own, written with it; left out: when the event is written. */
  occurredAt?: Date | undefined;
}

export interface AuditEvent extends AuditedPlace {
  id: string;
  occurredAt: Date;
  actorId: string | null;
  actorName: string;
  onBehalfOf: string | null;
  action: string;
  outcome: 'ALLOWED' | 'REFUSED';
  objectKind: string;
  objectId: string | null;
  objectName: string;
  before: unknown;
  after: unknown;
  reason: string | null;
  requestId: string | null;
  sourceAddress: string | null;
}
