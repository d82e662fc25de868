import { ByteReader } from './byte-reader.js';
import { type PickleContext, type PickleEnd, scanPickle } from './pickle-scan.js';
import { isImportable } from './pickle-value.js';
import type { FileScan, ScanSource } from './scan-context.js';
import { ScanReport } from './scan-report.js';

/** The number that the files of PyTorch before 1.6 begin with, as a pickle of its own (torch/serialization.py). */
const torchMagic = Buffer.from('8a0a6cfc9c46f920', 'hex');
/** Magic, version of the protocol, system, object, keys of the tensors: then the tensors, as plain numbers. */
const torchPickles = 5;
const mostPickles = 1000;

const contextOf = ({ path, report, rules, signal, persistentIds }: FileScan): PickleContext => ({
  path,
  report,
  rules,
  signal,
  persistentIds,
});

/** Walks a file that is a pickle, or several one after the other, to its last byte. */
export async function scanPickleFile(source: ScanSource, scan: FileScan): Promise<void> {
  const { reader } = source;
  const { path, report } = scan;
  const isTorch = (await reader.peek(12)).includes(torchMagic);
  const context = { ...contextOf(scan), persistentIds: scan.persistentIds || isTorch, inlineArrays: true };
  const had = { arrays: false, objects: false };
  for (let count = 1; ; count++) {
    const end = await scanPickle(reader, context);
    report.pickles += 1;
    had.arrays ||= end.hadArrays;
    had.objects ||= end.hadObjectArrays;
    if (end.broken) {
      report.add({ path, ...end.broken });
      break;
    }
    if ((isTorch && count === torchPickles) || (await reader.isAtEnd())) break;
    const next = await reader.peek(2);
    if (count >= mostPickles || next[0] !== 0x80 || next.length < 2 || (next[1] as number) > 5) {
      await scanRest(reader, scan);
      break;
    }
  }
  if (had.arrays) await scanWithoutArrays(source, scan, had.objects ? isDangerous : couldBeMade);
}

/** What follows a pickle may be one without a header: its imports are named as well. */
async function scanRest(reader: ByteReader, scan: FileScan): Promise<void> {
  const detail = 'bytes follow the end of the pickle, which a reader may take for another one';
  scan.report.add({ path: scan.path, offset: reader.offset, kind: 'TRAILING_DATA', import: null, detail });
  await tentative(reader, scan, ({ broken }, findings) => (broken ? findings.filter(isDangerous) : findings));
}

/**
 * joblib passes over the bytes of its arrays. To a plain unpickler they are opcodes: a file could be harmless to the one
 * and not to the other.
 */
async function scanWithoutArrays(
  { reopen }: ScanSource,
  scan: FileScan,
  counts: (finding: Findings[number]) => boolean,
): Promise<void> {
  const file = await reopen?.();
  if (!file) return;
  const reader = new ByteReader(file.read());
  try {
    await tentative(reader, scan, (_end, findings) => findings.filter(counts));
  } finally {
    await reader.close();
  }
}

/**
 * Text and binary files without a known format can still be pickles: those of protocol 0 are text, those of 1 have no
 * header. What reads as one, to its end, is one. Of a model that is loaded every import counts that stands before the
 * place where reading breaks off, for it is made; of other files only what is known to be dangerous, because the begin of
 * a list of words can read like an import.
 */
export async function scanPickleLike(source: ScanSource, scan: FileScan, format: 'text' | 'binary'): Promise<void> {
  const { path, report, isModel } = scan;
  const { reader } = source;
  const end = await tentative(reader, scan, ({ broken, imports }, findings) => {
    if (!broken && (imports > 0 || isModel)) return findings;
    return findings.filter(isModel ? couldBeMade : isDangerous);
  });
  if (end.hadArrays) return scanHeaderless(source, scan);
  const isWhole = !end.broken && (await reader.isAtEnd());
  if (!end.broken && !isWhole && isModel) await scanRest(reader, scan);
  if (isWhole && end.imports === 0) report.pickles += 1;
  if (format === 'text' || isWhole || (!end.broken && (end.imports > 0 || isModel))) return;
  report.add({
    path,
    offset: 0,
    kind: 'UNKNOWN_FORMAT',
    import: null,
    detail: 'its format is not known: what loading it does cannot be told',
  });
}

/** With arrays of joblib in it, what comes behind them is seen only by reading it as joblib does. */
async function scanHeaderless({ size, reopen }: ScanSource, scan: FileScan): Promise<void> {
  const file = await reopen?.();
  if (!file) {
    const detail = 'arrays of joblib are in a pickle without a header: it cannot be followed here';
    scan.report.add({ path: scan.path, offset: 0, kind: 'UNRESOLVED', import: null, detail });
    return;
  }
  const reader = new ByteReader(file.read());
  try {
    await scanPickleFile({ reader, size, reopen }, scan);
  } finally {
    await reader.close();
  }
}

type Findings = ScanReport['findings'];
const isDangerous = ({ kind }: Findings[number]): boolean => kind === 'DANGEROUS_IMPORT';

/** A list of words can read like an import; one that no module could be named by is none. */
const couldBeMade = ({ import: name }: Findings[number]): boolean =>
  name === null || isImportable(name.slice(0, name.indexOf(':')), name.slice(name.indexOf(':') + 1));

/** Reads on as if a pickle came, and reports what of it counts, by how that went. */
async function tentative(
  reader: ByteReader,
  scan: FileScan,
  choose: (end: PickleEnd, findings: Findings) => Findings,
): Promise<PickleEnd> {
  const aside = new ScanReport();
  const end = await scanPickle(reader, { ...contextOf(scan), report: aside });
  const chosen = choose(end, aside.findings);
  for (const finding of chosen) scan.report.add(finding);
  if (chosen.length > 0 || (!end.broken && end.imports > 0)) scan.report.pickles += 1;
  return end;
}
