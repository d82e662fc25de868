export { AuditExports } from './export.service.js';
export { type ExportFormat, exportFormats } from './export-lines.js';
export type { Checkpoint } from './log.repository.js';
export type { ConsistencyProof, InclusionProof } from './proof.js';
export { Proofs } from './proofs.service.js';
export { Sealer } from './sealer.service.js';
export { TransparencyModule } from './transparency.module.js';
export { LogVerification, type Verification } from './verification.service.js';
