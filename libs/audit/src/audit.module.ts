import { Global, Module } from '@nestjs/common';
import { AuditFilters } from './audit-filters.js';
import { AuditLog } from './audit-log.js';
import { AuditTrailReader } from './audit-trail.reader.js';
import { AuditTrail } from './audit-trail.service.js';
import { RefusalLog } from './refusal-log.js';

@Global()
@Module({
  providers: [AuditFilters, AuditLog, AuditTrail, AuditTrailReader, RefusalLog],
  exports: [AuditFilters, AuditLog, AuditTrail, RefusalLog],
})
export class AuditModule {}
