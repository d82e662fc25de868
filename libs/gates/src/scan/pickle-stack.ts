import { MalformedPickle } from './pickle-argument.js';
import { mostKnown, opaque, type Value } from './pickle-value.js';

/** What a pickle may hold at once. Models stay far below; a file that needs more cannot be judged. */
const most = { stack: 1_000_000, kept: 8_000_000 };

/** The file asks for more than the scan will keep. */
export class PickleTooLarge extends Error {}

/** The stack, the marks on it and the memo of an unpickler, with what is known of the values in them. */
export class PickleStack {
  private readonly values: Value[] = [];
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, Value>();
  private kept = 0;

  push(value: Value): void {
    if (this.values.length >= most.stack) throw new PickleTooLarge(`more than ${most.stack} values are on the stack`);
    this.values.push(value);
  }

  pop(): Value {
    if (this.values.length <= this.bottom) throw new MalformedPickle('a value is taken from an empty stack');
    return this.values.pop() as Value;
  }

  top(): Value {
    if (this.values.length <= this.bottom) throw new MalformedPickle('a value is looked for on an empty stack');
    return this.values[this.values.length - 1] as Value;
  }

  mark(): void {
    if (this.marks.length >= most.stack) throw new PickleTooLarge(`more than ${most.stack} marks are on the stack`);
    this.marks.push(this.values.length);
  }

  /** Everything above the last mark, which goes with it. */
  popMark(): Value[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw new MalformedPickle('there is no mark on the stack');
    return this.values.splice(mark);
  }

  /** POP takes the mark away when nothing is above it. */
  drop(): void {
    if (this.values.length > this.bottom) this.values.pop();
    else if (this.marks.length > 0) this.marks.pop();
    else throw new MalformedPickle('a value is taken from an empty stack');
  }

  put(index: number): void {
    const value = this.top();
    this.kept += weightOf(value);
    if (this.kept > most.kept) throw new PickleTooLarge(`more than ${most.kept} values are remembered`);
    this.memo.set(index, value);
  }

  /** The place is the number of those that are taken, as an unpickler counts them. */
  memoize(): void {
    this.put(this.memo.size);
  }

  /** What was never put there is opaque: an unpickler would stop, and reading on can only find more. */
  get(index: number): Value {
    return this.memo.get(index) ?? opaque;
  }

  private get bottom(): number {
    return this.marks.at(-1) ?? 0;
  }
}

/** About how much memory a value holds, in units of a few dozen bytes. */
function weightOf(value: Value): number {
  if (value.kind === 'tuple') return 1 + value.items.length;
  if (value.kind === 'text') return 1 + (value.text.length >> 5);
  return value.kind === 'dict' || value.kind === 'object' ? mostKnown : 1;
}
