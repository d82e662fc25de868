import { Global, Module } from '@nestjs/common';
import { AuditLog } from './audit-log.js';
import { AuditTrailReader } from './audit-trail.reader.js';
import { AuditTrail } from './audit-trail.service.js';
import { RefusalLog } from './refusal-log.js';

@Global()
@Module({
  providers: [AuditLog, AuditTrail, AuditTrailReader, RefusalLog],
  exports: [AuditLog, AuditTrail, RefusalLog],
})
export class AuditModule {}
