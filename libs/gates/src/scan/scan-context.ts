import type { OpenArtifact } from '@app/artifacts';
import type { ByteReader } from './byte-reader.js';
import type { ImportRules } from './import-rules.js';
import type { ScanBudget, ScanReport } from './scan-report.js';

/** One file, or one member of an archive, and what it is judged by. */
export interface FileScan {
  path: string;
  report: ScanReport;
  rules: ImportRules;
  budget: ScanBudget;
  signal: AbortSignal;
  /** Its name, or the MLmodel file, says that it is loaded as a model: it must be judged, whatever it looks like. */
  isModel: boolean;
  /** How many archives and compressions it is within. */
  depth: number;
  /** Of PyTorch: see `torchLayout`. */
  persistentIds?: boolean;
}

/** A file of the version, or what is left of a stream that is unpacked on the way. */
export type ScanSource = { reader: ByteReader; size?: number; reopen?: () => Promise<OpenArtifact | undefined> };
