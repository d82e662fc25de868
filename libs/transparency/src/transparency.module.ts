import { SigningModule } from '@app/signing';
import { Module } from '@nestjs/common';
import { EventProofs } from './event-proofs.service.js';
import { ExportReader } from './export.reader.js';
import { AuditExports } from './export.service.js';
import { LogRepository } from './log.repository.js';
import { LogHashes } from './log-hashes.js';
import { Proofs } from './proofs.service.js';
import { Sealer } from './sealer.service.js';
import { LogVerification } from './verification.service.js';

@Module({
  imports: [SigningModule],
  providers: [AuditExports, EventProofs, ExportReader, LogHashes, LogRepository, LogVerification, Proofs, Sealer],
  exports: [AuditExports, EventProofs, LogVerification, Proofs, Sealer],
})
export class TransparencyModule {}
