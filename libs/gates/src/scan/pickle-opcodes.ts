/** How the argument of an opcode is written (Lib/pickletools.py). */
export type ArgumentKind =
  | 'none'
  /** Bytes of fixed number: an unsigned integer, little-endian; J is signed, and G a float whose value does not matter. */
  | { bytes: number }
  /** Text up to a line feed. */
  | 'line'
  | 'two lines'
  /** A length of so many bytes, and then the payload. */
  | { length: number; payload: 'text' | 'bytes' | 'integer' };

const text = (length: number): ArgumentKind => ({ length, payload: 'text' });
const bytes = (length: number): ArgumentKind => ({ length, payload: 'bytes' });
const integer = (length: number): ArgumentKind => ({ length, payload: 'integer' });
const fixed = (count: number): ArgumentKind => ({ bytes: count });

const table: [code: number, name: string, argument: ArgumentKind][] = [
  [0x28, 'MARK', 'none'],
  [0x2e, 'STOP', 'none'],
  [0x30, 'POP', 'none'],
  [0x31, 'POP_MARK', 'none'],
  [0x32, 'DUP', 'none'],
  [0x46, 'FLOAT', 'line'],
  [0x49, 'INT', 'line'],
  [0x4a, 'BININT', fixed(4)],
  [0x4b, 'BININT1', fixed(1)],
  [0x4c, 'LONG', 'line'],
  [0x4d, 'BININT2', fixed(2)],
  [0x4e, 'NONE', 'none'],
  [0x50, 'PERSID', 'line'],
  [0x51, 'BINPERSID', 'none'],
  [0x52, 'REDUCE', 'none'],
  [0x53, 'STRING', 'line'],
  [0x54, 'BINSTRING', text(4)],
  [0x55, 'SHORT_BINSTRING', text(1)],
  [0x56, 'UNICODE', 'line'],
  [0x58, 'BINUNICODE', text(4)],
  [0x61, 'APPEND', 'none'],
  [0x62, 'BUILD', 'none'],
  [0x63, 'GLOBAL', 'two lines'],
  [0x64, 'DICT', 'none'],
  [0x7d, 'EMPTY_DICT', 'none'],
  [0x65, 'APPENDS', 'none'],
  [0x67, 'GET', 'line'],
  [0x68, 'BINGET', fixed(1)],
  [0x69, 'INST', 'two lines'],
  [0x6a, 'LONG_BINGET', fixed(4)],
  [0x6c, 'LIST', 'none'],
  [0x5d, 'EMPTY_LIST', 'none'],
  [0x6f, 'OBJ', 'none'],
  [0x70, 'PUT', 'line'],
  [0x71, 'BINPUT', fixed(1)],
  [0x72, 'LONG_BINPUT', fixed(4)],
  [0x73, 'SETITEM', 'none'],
  [0x74, 'TUPLE', 'none'],
  [0x29, 'EMPTY_TUPLE', 'none'],
  [0x75, 'SETITEMS', 'none'],
  [0x47, 'BINFLOAT', fixed(8)],
  [0x80, 'PROTO', fixed(1)],
  [0x81, 'NEWOBJ', 'none'],
  [0x82, 'EXT1', fixed(1)],
  [0x83, 'EXT2', fixed(2)],
  [0x84, 'EXT4', fixed(4)],
  [0x85, 'TUPLE1', 'none'],
  [0x86, 'TUPLE2', 'none'],
  [0x87, 'TUPLE3', 'none'],
  [0x88, 'NEWTRUE', 'none'],
  [0x89, 'NEWFALSE', 'none'],
  [0x8a, 'LONG1', integer(1)],
  [0x8b, 'LONG4', integer(4)],
  [0x42, 'BINBYTES', bytes(4)],
  [0x43, 'SHORT_BINBYTES', bytes(1)],
  [0x8c, 'SHORT_BINUNICODE', text(1)],
  [0x8d, 'BINUNICODE8', text(8)],
  [0x8e, 'BINBYTES8', bytes(8)],
  [0x8f, 'EMPTY_SET', 'none'],
  [0x90, 'ADDITEMS', 'none'],
  [0x91, 'FROZENSET', 'none'],
  [0x92, 'NEWOBJ_EX', 'none'],
  [0x93, 'STACK_GLOBAL', 'none'],
  [0x94, 'MEMOIZE', 'none'],
  [0x95, 'FRAME', fixed(8)],
  [0x96, 'BYTEARRAY8', bytes(8)],
  [0x97, 'NEXT_BUFFER', 'none'],
  [0x98, 'READONLY_BUFFER', 'none'],
];

/** Every opcode of the protocols 0 to 5, by its byte. */
export const opcodes: readonly ({ name: string; argument: ArgumentKind } | undefined)[] = table.reduce(
  (byCode, [code, name, argument]) => {
    byCode[code] = { name, argument };
    return byCode;
  },
  new Array<{ name: string; argument: ArgumentKind } | undefined>(256).fill(undefined),
);

/** The highest protocol that this table knows. */
export const highestProtocol = 5;
