import type { SealedEvent } from './leaf.js';

/** A deletion that the log tells of, as far as it concerns a part of the log. */
export interface DeletionFound {
  /** The number of its record. */
  sequence: number;
  eventClass: string;
  deletedBy: string;
  reason: string | null;
  /** Events of the part that are gone by it. */
  count: number;
}

interface Recorded extends DeletionFound {
  /** First and last numbers, ascending. */
  ranges: readonly (readonly [first: number, last: number])[];
}

/** What a record says of itself: the function delete_audit_period writes it, and a forger what he likes. */
interface Said {
  class?: string;
  sequences?: unknown;
}

/** The deletions that a part of the log may lack events by. */
export class DeletionCover {
  private readonly recorded: Recorded[];
  private readonly gone: number[] = [];

  /**
   * @param records sealed events of the action, each of them proven to be in the log
   * @param last the last number of the part: what is gone behind it is covered, and not counted
   */
  constructor(
    records: readonly SealedEvent[],
    private readonly last: number,
  ) {
    this.recorded = records.map(({ sequence, event }) => {
      const { class: eventClass = '', sequences } = (event.after ?? {}) as Said;
      const ranges = areRanges(sequences) ? sequences : [];
      return { sequence, eventClass, deletedBy: event.actorName, reason: event.reason, count: 0, ranges };
    });
  }

  /** Notes that an event is not there. @returns whether a later record names it */
  covers(sequence: number): boolean {
    const record = this.recorded.find((each) => each.sequence > sequence && isIn(each.ranges, sequence));
    if (!record) return false;
    if (sequence <= this.last) {
      record.count += 1;
      this.gone.push(sequence);
    }
    return true;
  }

  /** How many events of the part, up to a number, are gone. */
  countUpTo(sequence: number): number {
    return this.gone.filter((each) => each <= sequence).length;
  }

  /** Those by which anything is gone. */
  get found(): DeletionFound[] {
    return this.recorded.filter(({ count }) => count > 0).map(({ ranges: _, ...found }) => found);
  }
}

const areRanges = (said: unknown): said is [number, number][] =>
  Array.isArray(said) &&
  said.every((range) => Array.isArray(range) && range.length === 2 && range.every(Number.isInteger));

function isIn(ranges: Recorded['ranges'], sequence: number): boolean {
  let [low, high] = [0, ranges.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [first, last] = ranges[middle] as readonly [number, number];
    if (sequence < first) high = middle - 1;
    else if (sequence > last) low = middle + 1;
    else return true;
  }
  return false;
}
