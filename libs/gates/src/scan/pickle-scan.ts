import { Readable } from 'node:stream';
import { ByteReader } from './byte-reader.js';
import type { ImportRules } from './import-rules.js';
import { inlineArray, isInlineArray } from './numpy-array.js';
import { MalformedPickle } from './pickle-argument.js';
import { PickleTooLarge } from './pickle-stack.js';
import { type GlobalValue, isImportable, type ObjectValue, type Value } from './pickle-value.js';
import { type PickleListener, PickleWalk } from './pickle-walk.js';
import { type Finding, ScanReport } from './scan-report.js';

export interface PickleContext {
  path: string;
  report: ScanReport;
  rules: ImportRules;
  signal: AbortSignal;
  /** As in the files of PyTorch. */
  persistentIds?: boolean;
  /** Arrays of joblib are in the stream, behind what describes them. */
  inlineArrays?: boolean;
  /** How many pickles this one is within. */
  depth?: number;
}

const deepest = 8;
const mostImports = 10_000;

/** A pickle within a pickle within a pickle: more than anybody writes. */
class TooDeep extends PickleTooLarge {}

/** How the reading of a pickle ended. */
export interface PickleEnd {
  /** undefined when it broke off. */
  value: Value | undefined;
  /** Why it broke off. */
  broken: Omit<Finding, 'path'> | undefined;
  /** Of those that could be made. */
  imports: number;
  /** There was an array of joblib in it: another program than joblib would read its bytes as opcodes. */
  hadArrays: boolean;
  /** One of objects, which is a pickle: read as a part of the one around it, it is one that nobody has meant. */
  hadObjectArrays: boolean;
}

/** Walks one pickle and reports what it imports and does. What ends it is in the answer, and not reported. */
export async function scanPickle(reader: ByteReader, context: PickleContext): Promise<PickleEnd> {
  const listener = new ReportingListener(context);
  try {
    if ((context.depth ?? 0) > deepest) throw new TooDeep(`pickles are nested more than ${deepest} deep`);
    const value = await new PickleWalk(reader, listener).run();
    return { value, broken: undefined, ...listener.counts };
  } catch (error) {
    if (!(error instanceof MalformedPickle || error instanceof PickleTooLarge)) throw error;
    const kind = error instanceof PickleTooLarge ? 'LIMIT_EXCEEDED' : 'MALFORMED';
    const broken = { offset: reader.offset, kind, import: null, detail: error.message } as const;
    return { value: undefined, broken, ...listener.counts };
  }
}

class ReportingListener implements PickleListener {
  readonly counts = { imports: 0, hadArrays: false, hadObjectArrays: false };
  private readonly judged = new Set<string>();

  constructor(private readonly context: PickleContext) {}

  get persistentIds(): boolean {
    return this.context.persistentIds ?? false;
  }

  imported(found: GlobalValue, offset: number): void {
    const { path, report, rules } = this.context;
    if (isImportable(found.module, found.name)) this.counts.imports += 1;
    const key = `${found.module}:${found.name}`;
    if (this.judged.has(key)) return;
    if (this.judged.size >= mostImports) throw new PickleTooLarge(`more than ${mostImports} different imports`);
    this.judged.add(key);
    const verdict = rules(found);
    if (verdict !== 'SAFE') report.addImport(path, offset, found, verdict);
  }

  unresolved(what: string, offset: number): void {
    const { path, report } = this.context;
    report.add({ path, offset, kind: 'UNRESOLVED', import: null, detail: what });
  }

  /** Bytes that happen to begin like a pickle are data; those that are one to its end may be meant to be read. */
  async nested(payload: Buffer, offset: number): Promise<void> {
    const { report, ...context } = this.context;
    const inner = new ScanReport();
    const reader = new ByteReader(Readable.from([payload]));
    const end = await scanPickle(reader, { ...context, report: inner, depth: (context.depth ?? 0) + 1 });
    const isPickle = end.broken?.kind !== 'MALFORMED';
    if (isPickle && end.broken) report.add({ ...end.broken, path: context.path, offset });
    for (const finding of inner.findings) {
      if (!isPickle && finding.kind !== 'DANGEROUS_IMPORT') continue;
      report.add({ ...finding, offset, detail: `a pickle within it: ${finding.detail}` });
    }
  }

  async built(object: ObjectValue, reader: ByteReader, offset: number): Promise<void> {
    const { signal, inlineArrays } = this.context;
    signal.throwIfAborted();
    if (!isInlineArray(object)) return;
    this.counts.hadArrays = true;
    if (!inlineArrays) return;
    const array = inlineArray(object);
    if (!array) {
      this.unresolved('an array of joblib whose size cannot be told', offset);
      throw new MalformedPickle('what follows an array of unknown size cannot be read');
    }
    if (array.bytes === 'objects') return this.objects(reader);
    if (array.padded && !(await skipPadding(reader))) throw new MalformedPickle('the file ends before an array');
    if (!(await reader.skip(array.bytes))) throw new MalformedPickle('the file ends in the middle of an array');
  }

  private async objects(reader: ByteReader): Promise<void> {
    const { context } = this;
    this.counts.hadObjectArrays = true;
    const end = await scanPickle(reader, { ...context, inlineArrays: false, depth: (context.depth ?? 0) + 1 });
    this.counts.imports += end.imports;
    if (end.broken) throw new MalformedPickle(`in an array of objects: ${end.broken.detail}`);
  }
}

async function skipPadding(reader: ByteReader): Promise<boolean> {
  if (!(await reader.fill(1))) return false;
  return reader.skip(reader.byte());
}
