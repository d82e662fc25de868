import type { ArtifactFile } from '@app/artifacts';
import type { GateConfig } from '@app/policy';
import { named } from '../evaluators/file-names.js';
import type { GateInput } from '../gate-input.js';
import type { GateLogger, Judgement } from '../gate-run.js';
import { ByteReader } from './byte-reader.js';
import { isModelName, scanFile } from './file-scan.js';
import { type ImportRules, importRules } from './import-rules.js';
import { type Finding, ScanBudget, ScanReport } from './scan-report.js';

/**
 * ARTIFACT_SCAN: what loading the files would import. Pickles are walked opcode by opcode, in archives and compressed
 * files too, and nothing is ever unpickled. What cannot be told is a finding, and fails the gate like what is known to be
 * dangerous.
 */
export async function artifactScan(
  config: GateConfig<'ARTIFACT_SCAN'>,
  input: GateInput,
  log: GateLogger,
): Promise<Judgement> {
  const files = await input.recordedFiles();
  const report = new ScanReport();
  const rules = importRules(config);
  const budget = new ScanBudget(config.maxUnpackedBytes, input.signal);
  const loaded = filesOfFlavors(input.version.flavors);
  const progress = new ScanProgress(files, log);
  for (const file of files) {
    input.signal.throwIfAborted();
    const before = report.count;
    await scanOne(file, input, { report, rules, budget, isModel: isModelName(file.path) || loaded.has(file.path) });
    const findings = report.count - before;
    if (findings > 0) await log(`${file.path}: ${findings} findings`);
    await progress.read(file);
  }
  const failing = report.findings.filter(({ kind }) => kind !== 'UNKNOWN_FORMAT' || config.unknownFormats === 'FAIL');
  const counted = `${files.length} files, ${report.pickles} pickles in them`;
  await log(counted);
  return {
    status: failing.length > 0 ? 'FAILED' : 'PASSED',
    summary:
      failing.length > 0
        ? `${report.count} findings in ${counted}: ${named([...failing].sort(bySeverity).map(sentence))}`
        : `${counted}: nothing that is not known to be safe${report.count > 0 ? `, but ${report.count} files of unknown format` : ''}`,
    output: {
      files: files.length,
      pickles: report.pickles,
      formats: report.formats,
      findingCount: report.count,
      findings: report.findings,
    },
    inputs: { artifactDigest: input.version.artifactDigest },
  };
}

/** Tells at each tenth of the bytes that it is reached: a scan of many files is worth no line for each. */
class ScanProgress {
  private bytes = 0;
  private told = 0;
  private readonly all: number;

  constructor(
    files: readonly ArtifactFile[],
    private readonly log: GateLogger,
  ) {
    this.all = files.reduce((sum, { size }) => sum + size, 0);
  }

  async read({ size }: ArtifactFile): Promise<void> {
    this.bytes += size;
    const tenths = Math.floor((this.bytes / Math.max(this.all, 1)) * 10);
    if (tenths === this.told) return;
    this.told = tenths;
    await this.log(`${this.bytes} of ${this.all} bytes are scanned`, tenths * 10);
  }
}

async function scanOne(
  { path }: ArtifactFile,
  { open, signal }: GateInput,
  scan: { report: ScanReport; rules: ImportRules; budget: ScanBudget; isModel: boolean },
): Promise<void> {
  const file = await open(path);
  if (!file) {
    scan.report.add({ path, offset: null, kind: 'UNREADABLE', import: null, detail: 'the file is gone' });
    return;
  }
  const source = { reader: new ByteReader(file.read()), size: file.size, reopen: () => open(path) };
  await scanFile(source, { ...scan, path, signal, depth: 0 });
}

/** Paths that the MLmodel file names in its flavors, but for the descriptions of environments: they are read as text. */
function filesOfFlavors(flavors: Record<string, unknown> | null): Set<string> {
  const paths = new Set<string>();
  const collect = (value: unknown, depth: number): void => {
    if (typeof value === 'string') paths.add(value);
    else if (typeof value === 'object' && value !== null && depth < 10) {
      for (const [key, inner] of Object.entries(value)) if (key !== 'env' && key !== 'code') collect(inner, depth + 1);
    }
  };
  collect(flavors ?? {}, 0);
  return paths;
}

const severity: readonly Finding['kind'][] = ['DANGEROUS_IMPORT', 'UNRESOLVED', 'UNKNOWN_IMPORT'];
const rank = ({ kind }: Finding): number => (severity.includes(kind) ? severity.indexOf(kind) : severity.length);
const bySeverity = (a: Finding, b: Finding): number => rank(a) - rank(b);
const sentence = ({ path, offset, detail }: Finding): string =>
  `${path}${offset === null ? '' : ` at ${offset}`} ${detail}`;
