import { type GlobalValue, importName } from './pickle-value.js';

/** Why a file does not pass. */
export type FindingKind =
  | 'DANGEROUS_IMPORT'
  | 'UNKNOWN_IMPORT'
  | 'UNRESOLVED'
  | 'MALFORMED'
  | 'TRAILING_DATA'
  | 'LIMIT_EXCEEDED'
  | 'UNREADABLE'
  | 'UNKNOWN_FORMAT';

export interface Finding {
  /** Within the version; `model.zip!data.pkl` is a member of an archive. */
  path: string;
  /** In the bytes of the file, or of the member when it is unpacked; null where there is none to name. */
  offset: number | null;
  kind: FindingKind;
  /** module:name, of an import. */
  import: string | null;
  detail: string;
}

/** How many findings the evidence carries; a file that has more is no better understood by reading them. */
const mostFindings = 100;
const mostFormats = 50;

/** What a scan has come upon, of all files together. */
export class ScanReport {
  readonly findings: Finding[] = [];
  readonly formats: Record<string, number> = {};
  /** Of all, also of those that are not kept. */
  count = 0;
  pickles = 0;
  private readonly seen = new Set<string>();

  add(finding: Finding): void {
    const { path, kind, detail, import: name } = finding;
    // The same thing a thousand times in a file is one finding, at its first place.
    const key = JSON.stringify([path, kind, name, detail]);
    if (this.seen.has(key)) return;
    this.count += 1;
    if (this.findings.length >= mostFindings) return;
    this.seen.add(key);
    this.findings.push(finding);
  }

  /** @param found of a verdict that does not pass */
  addImport(path: string, offset: number, found: GlobalValue, verdict: 'DANGEROUS' | 'UNKNOWN'): void {
    const name = importName(found);
    const shown = name.slice(0, 300);
    const detail =
      verdict === 'DANGEROUS'
        ? `imports ${shown}, which can run any code`
        : `imports ${shown}, which is not known to be safe`;
    this.add({ path, offset, kind: `${verdict}_IMPORT`, import: shown, detail });
  }

  recognised(format: string): void {
    const name = Object.keys(this.formats).length < mostFormats ? format : 'others';
    this.formats[name] = (this.formats[name] ?? 0) + 1;
  }
}

/** What unpacking may still cost, of all files together. */
export class ScanBudget {
  constructor(
    private bytes: number,
    private readonly signal: AbortSignal,
  ) {}

  /** @throws ScanLimit when unpacking has given more than it may */
  unpacked(count: number): void {
    this.bytes -= count;
    if (this.bytes < 0) throw new ScanLimit('unpacking gives more bytes than the policy allows (maxUnpackedBytes)');
    this.signal.throwIfAborted();
  }
}

/** A file asks for more than the scan may spend on it: it cannot be judged, and does not pass. */
export class ScanLimit extends Error {}
