import { OutboundModule } from '@app/outbound';
import { SigningModule } from '@app/signing';
import { Module } from '@nestjs/common';
import { AnchorRepository } from './anchor.repository.js';
import { AnchorWriter } from './anchor-writer.js';
import { Anchoring } from './anchoring.service.js';
import { AuditAnchors } from './audit-anchors.service.js';
import { AuditRetentionRepository } from './audit-retention.repository.js';
import { AuditRetentions } from './audit-retention.service.js';
import { EventProofs } from './event-proofs.service.js';
import { ExportReader } from './export.reader.js';
import { AuditExports } from './export.service.js';
import { LegalHoldRepository } from './legal-hold.repository.js';
import { LegalHolds } from './legal-holds.service.js';
import { LogRepository } from './log.repository.js';
import { LogContinuity } from './log-continuity.js';
import { LogHashes } from './log-hashes.js';
import { MetastoreRights } from './metastore-rights.js';
import { Proofs } from './proofs.service.js';
import { RecordedDeletions } from './recorded-deletions.service.js';
import { Sealer } from './sealer.service.js';
import { LogVerification } from './verification.service.js';

@Module({
  imports: [OutboundModule, SigningModule],
  providers: [
    AnchorRepository,
    AnchorWriter,
    Anchoring,
    AuditAnchors,
    AuditExports,
    EventProofs,
    AuditRetentionRepository,
    AuditRetentions,
    ExportReader,
    LegalHoldRepository,
    LegalHolds,
    LogContinuity,
    LogHashes,
    LogRepository,
    LogVerification,
    MetastoreRights,
    Proofs,
    RecordedDeletions,
    Sealer,
  ],
  exports: [
    Anchoring,
    AuditAnchors,
    AuditExports,
    AuditRetentions,
    EventProofs,
    LegalHolds,
    LogVerification,
    Proofs,
    Sealer,
  ],
})
export class TransparencyModule {}
