export { AuditModule } from './audit.module.js';
export type { AuditEvent, AuditObject, NewAuditEvent } from './audit-event.js';
export { type AskedAuditFilter, type AuditFilter, auditConditions } from './audit-filter.js';
export { AuditFilters } from './audit-filters.js';
export { AuditLog } from './audit-log.js';
export { eventColumns } from './audit-trail.reader.js';
export { AuditTrail } from './audit-trail.service.js';
export { RefusalLog } from './refusal-log.js';
