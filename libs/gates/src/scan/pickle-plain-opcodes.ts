import type { PickleStack } from './pickle-stack.js';
import { emptyTuple, mostKnown, opaque, type Value } from './pickle-value.js';

/** @param used is told of every value that goes into another one */
type Handler = (stack: PickleStack, used: (...values: readonly Value[]) => void) => void;

const pushOpaque: Handler = (stack) => stack.push(opaque);
const opaqueOfMark: Handler = (stack, used) => {
  used(...stack.popMark());
  stack.push(opaque);
};
const tupleOf =
  (count: number): Handler =>
  (stack, used) => {
    const items = Array.from({ length: count }, () => stack.pop()).reverse();
    stack.push(knownTuple(items, used));
  };

function knownTuple(items: Value[], used: (...values: readonly Value[]) => void): Value {
  used(...items);
  return items.length <= mostKnown ? { kind: 'tuple', items } : opaque;
}

/** Sets the entries of a dictionary from its keys and values in turn, as far as they may be asked for. */
export function setEntries(entries: Map<string, Value>, items: readonly Value[]): Map<string, Value> {
  for (let index = 0; index + 1 < items.length && entries.size < mostKnown; index += 2) {
    const key = items[index] as Value;
    if (key.kind === 'text') entries.set(key.text, items[index + 1] as Value);
  }
  return entries;
}

/** Opcodes without an argument that neither import nor call anything. */
export const plainOpcodes: Record<string, Handler> = {
  MARK: (stack) => stack.mark(),
  POP: (stack) => stack.drop(),
  POP_MARK: (stack) => void stack.popMark(),
  DUP: (stack) => stack.push(stack.top()),
  NONE: pushOpaque,
  NEWTRUE: pushOpaque,
  NEWFALSE: pushOpaque,
  EMPTY_LIST: pushOpaque,
  EMPTY_SET: pushOpaque,
  NEXT_BUFFER: pushOpaque,
  READONLY_BUFFER: (stack) => void stack.top(),
  MEMOIZE: (stack) => stack.memoize(),
  EMPTY_TUPLE: (stack) => stack.push(emptyTuple),
  EMPTY_DICT: (stack) => stack.push({ kind: 'dict', entries: new Map() }),
  LIST: opaqueOfMark,
  DICT: (stack, used) => {
    const items = stack.popMark();
    used(...items);
    stack.push({ kind: 'dict', entries: setEntries(new Map(), items) });
  },
  FROZENSET: opaqueOfMark,
  TUPLE: (stack, used) => stack.push(knownTuple(stack.popMark(), used)),
  TUPLE1: tupleOf(1),
  TUPLE2: tupleOf(2),
  TUPLE3: tupleOf(3),
};
