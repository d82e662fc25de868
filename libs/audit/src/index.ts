export { AuditModule } from './audit.module.js';
export type { AuditEvent, AuditObject, NewAuditEvent } from './audit-event.js';
export { AuditLog } from './audit-log.js';
export { type AuditFilter, auditConditions, eventColumns } from './audit-trail.reader.js';
export { AuditTrail } from './audit-trail.service.js';
export { RefusalLog } from './refusal-log.js';
