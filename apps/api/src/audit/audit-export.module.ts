import { TransparencyModule } from '@app/transparency';
import { Module } from '@nestjs/common';
import { AuditExportController } from './audit-export.controller.js';

/** The door for auditors' files. */
@Module({ imports: [TransparencyModule], controllers: [AuditExportController] })
export class AuditExportModule {}
