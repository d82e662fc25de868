import type { ExportFile } from './export-file.js';
import { linesOf } from './export-lines.js';

/** A deletion that the log itself tells of. */
export interface Deletion {
  /** The number of its record. */
  sequence: number;
  eventClass: string;
  deletedBy: string;
  reason: string | null;
  /** Events of the export that are gone by it. */
  count: number;
}

type Ranges = readonly (readonly [first: number, last: number])[];
type Recorded = Deletion & { ranges: Ranges };

const action = Buffer.from('"action":"audit_log.period_deleted"');

/** The deletions that an export has records of. That the records are in the log, whoever reads on must find. */
export class RecordedDeletions {
  private readonly gone: number[] = [];

  private constructor(private readonly recorded: readonly Recorded[]) {}

  /** Reads the export once, for events that record a deletion and have the hash that stands beside them. */
  static async of(file: ExportFile): Promise<RecordedDeletions> {
    const recorded: Recorded[] = [];
    for await (const lines of linesOf(file)) {
      for (const line of lines) {
        if (line.kind !== 'event' || line.computed !== line.leafHash || !line.marked?.includes(action)) continue;
        const record = recordOf(line.marked.subarray(1));
        if (record) recorded.push(record);
      }
    }
    return new RecordedDeletions(recorded);
  }

  /** Notes that an event is gone. @returns whether a later event records it */
  covers(sequence: number): boolean {
    const record = this.recorded.find((each) => each.sequence > sequence && isIn(each.ranges, sequence));
    if (!record) return false;
    record.count += 1;
    this.gone.push(sequence);
    return true;
  }

  /** How many events below this number are gone. */
  countBelow(sequence: number): number {
    return this.gone.filter((each) => each < sequence).length;
  }

  /** Those by which anything is gone. */
  get found(): Deletion[] {
    return this.recorded.filter(({ count }) => count > 0).map(({ ranges: _, ...deletion }) => deletion);
  }
}

/** @returns undefined for an event that only has the words in it somewhere */
function recordOf(entry: Buffer): Recorded | undefined {
  const event = JSON.parse(entry.toString('utf8'));
  if (event.action !== 'audit_log.period_deleted' || event.outcome !== 'ALLOWED') return undefined;
  const { class: eventClass, sequences } = event.after ?? {};
  if (typeof eventClass !== 'string' || !areRanges(sequences)) return undefined;
  const { sequence, actorName: deletedBy, reason } = event;
  return { sequence, eventClass, deletedBy, reason, count: 0, ranges: sequences };
}

/** Whoever forges a record may write anything into it. */
const areRanges = (said: unknown): said is Ranges =>
  Array.isArray(said) && said.every((each) => Array.isArray(each) && each.length === 2 && each.every(Number.isInteger));

/** In ranges of ascending numbers. */
function isIn(ranges: Ranges, sequence: number): boolean {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((ranges[middle]?.[1] as number) < sequence) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low];
  return range !== undefined && range[0] <= sequence;
}
