import { createHash } from 'node:crypto';
import { type Deletion, RecordedDeletions } from './deletions.js';
import { type ExportFile, openExport } from './export-file.js';
import { type ExportLine, linesOf } from './export-lines.js';
import { Peaks, rootOfPath } from './merkle.js';
import {
  type Checkpoint,
  isSigned,
  isSignedCheckpoint,
  openCheckpoint,
  readCheckpoint,
  type TrustedKey,
} from './note.js';

/** What is trusted, and comes from elsewhere than the export. */
export interface Trust {
  keys: readonly TrustedKey[];
  /** Checkpoints that were kept, the smallest first: the log must still begin with what each was signed of. */
  known: readonly Checkpoint[];
}

export interface Verdict {
  /** Events that were proven. */
  valid: number;
  /** Events that the export says it has, but for those that were deleted. */
  count: number;
  /** The recorded deletions by which others are gone. */
  deletions: Deletion[];
  /** The checkpoint that they were held against. */
  head: Checkpoint | null;
  /** What is wrong first; null: nothing is. */
  bad: { sequence: number | null; problem: string } | null;
}

type EventLine = Extract<ExportLine, { kind: 'event' }>;
const wholeFile = (problem: string) => ({ sequence: null, problem });

/**
 * Verifies an export with nothing but the file and the keys.
 * @throws CliError when it cannot be read, or has no manifest
 */
export async function verifyExport(path: string, trust: Trust): Promise<Verdict> {
  const file = await openExport(path);
  const { manifest, manifestText, signature } = file;
  const head = manifest.checkpoint === null ? null : openCheckpoint(manifest.checkpoint, trust.keys);
  const verdict: Verdict = { valid: 0, count: manifest.count, deletions: [], head: null, bad: null };
  if (typeof head === 'string') return { ...verdict, bad: wholeFile(`its checkpoint ${head}`) };
  verdict.head = head;
  const check = new ExportCheck(file, head, trust);
  verdict.bad = (await firstBad(file, check)) ?? check.end();
  verdict.deletions = check.deletions?.found ?? [];
  verdict.count -= check.gone;
  verdict.valid = verdict.bad ? validBefore(verdict.bad, check) : check.seen - check.gone;
  if (!verdict.bad && (await sha256Of(file)) !== manifest.sha256) {
    verdict.bad = wholeFile('its bytes are not those that the manifest was made for');
  }
  if (!verdict.bad && !isSigned(`${manifestText}\n`, signature, trust.keys)) {
    verdict.bad = wholeFile('its manifest is not signed with the key that you trust');
  }
  return verdict;
}

const isGone = (line: ExportLine): boolean => line.kind === 'event' && !line.marked;

async function firstBad(file: ExportFile, check: ExportCheck): Promise<Verdict['bad']> {
  for await (const lines of linesOf(file)) {
    // A record is later in the log than what it tells of: it is looked for when the first event is not there.
    if (lines.some(isGone)) check.deletions ??= await RecordedDeletions.of(file);
    for (const line of lines) {
      const bad = check.next(line);
      if (bad) return bad;
    }
  }
  return null;
}

/** The events before the first bad one, but for those that are gone. */
function validBefore({ sequence }: NonNullable<Verdict['bad']>, check: ExportCheck): number {
  if (!check.complete || sequence === null) return check.seen - check.gone;
  const before = Math.min(check.seen, sequence - 1);
  return before - (check.deletions?.countBelow(before + 1) ?? 0);
}

async function sha256Of(file: ExportFile): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of file.body()) hash.update(chunk);
  return hash.digest('hex');
}

/** Goes through the events in their order. */
class ExportCheck {
  seen = 0;
  deletions: RecordedDeletions | undefined;
  private readonly peaks = new Peaks();
  private last = 0;
  /** Of the checkpoints that were kept, the first that the events have not come to. */
  private reached = 0;
  /** Checkpoints that agree with the events so far. */
  private readonly passed: { size: number; note: string }[] = [];

  constructor(
    private readonly file: ExportFile,
    private readonly head: Checkpoint | null,
    private readonly trust: Trust,
  ) {}

  /** Events that were seen, and are gone by a recorded deletion. */
  get gone(): number {
    return this.deletions?.countBelow(Number.POSITIVE_INFINITY) ?? 0;
  }

  get complete(): boolean {
    return this.file.manifest.complete;
  }

  next(line: ExportLine): Verdict['bad'] {
    if (line.kind === 'broken') return { sequence: this.last + 1, problem: `the line ${line.problem}` };
    if (line.kind === 'checkpoint') return this.checkpoint(line.note);
    return this.complete ? this.inOrder(line) : this.alone(line);
  }

  /** What can be said only when all has been read. */
  end(): Verdict['bad'] {
    const { count, firstSequence, lastSequence } = this.file.manifest;
    const { complete, head } = this;
    if (complete && head && this.peaks.size < head.size) {
      return { sequence: this.last + 1, problem: `the event is missing: the log has ${head.size}` };
    }
    if (complete && head && this.peaks.root() !== head.root) return this.unlike(head);
    if (this.seen !== count) return wholeFile(`it has ${this.seen} events, and its manifest says ${count}`);
    if (count > 0 && (lastSequence !== this.last || (complete && firstSequence !== 1))) {
      return wholeFile('its manifest names other first and last events');
    }
    return this.known();
  }

  /** An event of a complete export: its place in the tree is its place in the file. */
  private inOrder({ sequence, computed, leafHash }: EventLine): Verdict['bad'] {
    const expected = this.last + 1;
    const bad = (problem: string) => ({ sequence: expected, problem });
    if (this.head && expected > this.head.size) return bad('the event is not in the log that was signed');
    if (sequence !== expected) return bad(`the event with the number ${sequence} stands here`);
    if (!computed && !this.deletions?.covers(expected)) {
      return bad('the event is not there any more, and no record says why');
    }
    if (computed && computed !== leafHash) return bad('the event is not what was sealed');
    this.peaks.add(leafHash);
    [this.seen, this.last] = [this.seen + 1, expected];
    return this.unlikeKnown();
  }

  /** An event of a part of the log: it has a proof of its own. */
  private alone({ sequence, computed, leafHash, proof }: EventLine): Verdict['bad'] {
    const bad = (problem: string) => ({ sequence, problem });
    if (!(sequence > this.last))
      return { sequence: this.last + 1, problem: `the event with the number ${sequence} stands here` };
    if (!this.head || computed !== leafHash) return bad('the event is not what was sealed');
    const root = rootOfPath(sequence - 1, this.head.size, leafHash, proof);
    if (root !== this.head.root) return bad('the event is not in the log that was signed');
    [this.seen, this.last] = [this.seen + 1, sequence];
    return null;
  }

  /** A checkpoint within the log narrows down where a change is; that there is none, the last one says alone. */
  private checkpoint(note: string): Verdict['bad'] {
    const read = readCheckpoint(note);
    const bad = (problem: string) => ({ sequence: this.last, problem: `the checkpoint after it ${problem}` });
    if (!read) return bad('is none');
    if (read.size !== this.peaks.size) return bad(`is over ${read.size} events`);
    if (read.root === this.peaks.root()) {
      this.passed.push({ size: read.size, note });
      return null;
    }
    return isSignedCheckpoint(note, this.trust.keys)
      ? this.unlike(read)
      : bad('is not signed with the key that you trust');
  }

  private unlikeKnown(): Verdict['bad'] {
    for (; this.trust.known[this.reached]?.size === this.last; this.reached++) {
      const known = this.trust.known[this.reached] as Checkpoint;
      if (known.root !== this.peaks.root()) return this.unlike(known);
    }
    return null;
  }

  /** The log must go on from the checkpoints that were kept. */
  private known(): Verdict['bad'] {
    const known = this.trust.known.at(-1);
    if (!known) return null;
    if (!this.complete) return wholeFile('it is a part of the log: --since needs an export of all of it');
    if (known.size <= this.seen) return null;
    return {
      sequence: this.last + 1,
      problem: `the event is missing: the checkpoint that you have is over ${known.size}`,
    };
  }

  private unlike({ size }: Checkpoint): Verdict['bad'] {
    // Signatures take their time: only the last one that holds is of interest, and only now.
    const proven = this.passed.findLast(({ note }) => isSignedCheckpoint(note, this.trust.keys))?.size ?? 0;
    const problem = `the events from here to ${size} are not those that the checkpoint over ${size} was signed of`;
    return { sequence: proven + 1, problem };
  }
}
