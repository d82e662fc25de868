import type { ByteReader } from './byte-reader.js';
import {
  type Argument,
  escapedText,
  MalformedPickle,
  quotedText,
  readArgument,
  readArgumentNow,
} from './pickle-argument.js';
import { highestProtocol, opcodes } from './pickle-opcodes.js';
import { plainOpcodes, setEntries } from './pickle-plain-opcodes.js';
import { PickleStack } from './pickle-stack.js';
import {
  currentModule,
  type GlobalValue,
  importName,
  isGlobal,
  mostKnown,
  type ObjectValue,
  opaque,
  type Value,
} from './pickle-value.js';

/** What the walk of a pickle meets on its way. */
export interface PickleListener {
  /** An import. It is made while the file is read, whatever comes of it. */
  imported(found: GlobalValue, offset: number): void;
  /** Something that is called, imported or changed, and cannot be told beforehand. */
  unresolved(what: string, offset: number): void;
  /** A pickle that travels within the pickle, as a string of bytes. */
  nested(payload: Buffer, offset: number): Promise<void>;
  /** An object that is complete; of some formats bytes follow that belong to it. */
  built(object: ObjectValue, reader: ByteReader, offset: number): Promise<void>;
  /** Are names that only the reading program understands to be expected, as in the files of PyTorch? */
  persistentIds: boolean;
}

const getattr = 'builtins:getattr';

/**
 * Walks one pickle, opcode by opcode, the way an unpickler does, and makes nothing: globals and texts are followed over
 * stack and memo, so that a name that is put together on the way is seen. What cannot be followed is reported.
 * @throws MalformedPickle where an unpickler would stop; everything before has been reported
 * @returns the value that the pickle holds
 */
export class PickleWalk {
  private readonly stack = new PickleStack();
  private at = 0;

  constructor(
    private readonly reader: ByteReader,
    private readonly listener: PickleListener,
  ) {}

  async run(): Promise<Value> {
    const { reader } = this;
    for (;;) {
      if (!reader.has(1) && !(await reader.fill(1))) throw new MalformedPickle('the file ends before the pickle does');
      this.at = reader.offset;
      const code = reader.byte();
      const opcode = opcodes[code];
      if (!opcode) throw new MalformedPickle(`0x${code.toString(16)} is no opcode`);
      const argument = readArgumentNow(reader, opcode.argument) ?? (await readArgument(reader, opcode.argument));
      if (opcode.name === 'STOP') return this.stack.pop();
      if (argument.kind === 'value') this.stack.push(argument.value);
      else {
        const work = argument.kind === 'none' ? this.plain(opcode.name) : this.withArgument(opcode.name, argument);
        // Nearly nothing has to be waited for, and waiting takes longer than the opcode does.
        if (work) await work;
      }
    }
  }

  private withArgument(
    name: string,
    argument: Exclude<Argument, { kind: 'none' | 'value' }>,
  ): Promise<void> | undefined {
    const { stack } = this;
    if (argument.kind === 'bytes') {
      stack.push(opaque);
      if (argument.payload) return this.listener.nested(argument.payload, this.at);
    } else if (argument.kind === 'two lines') {
      const found = this.import(...argument.lines);
      if (name === 'GLOBAL') stack.push(found);
      else this.call(found, stack.popMark());
    } else if (argument.kind === 'number') this.withNumber(name, argument.number);
    else this.withLine(name, argument.line);
    return undefined;
  }

  private withNumber(name: string, number: number): void {
    const { stack } = this;
    if (name === 'BINGET' || name === 'LONG_BINGET') stack.push(stack.get(number));
    else if (name === 'BINPUT' || name === 'LONG_BINPUT') stack.put(number);
    else if (name === 'PROTO') {
      if (number > highestProtocol) throw new MalformedPickle(`there is no protocol ${number}`);
    } else if (name.startsWith('EXT')) {
      this.listener.unresolved(`the import with number ${number} of the extension registry`, this.at);
      stack.push(opaque);
    } else if (name === 'BINFLOAT') stack.push(opaque);
    else if (name !== 'FRAME') stack.push({ kind: 'number', number });
  }

  private withLine(name: string, line: string): void {
    const { stack } = this;
    if (name === 'GET') stack.push(stack.get(indexOf(line)));
    else if (name === 'PUT') stack.put(indexOf(line));
    else if (name === 'STRING') stack.push(quotedText(line));
    else if (name === 'UNICODE') stack.push(escapedText(line));
    else if (name === 'PERSID') this.persistentId();
    else if (name === 'INT' && /^\d{1,15}$/.test(line)) stack.push({ kind: 'number', number: Number(line) });
    else stack.push(opaque);
  }

  private plain(name: string): Promise<void> | undefined {
    const { stack } = this;
    const handler = plainOpcodes[name];
    if (handler) handler(stack, this.used);
    else if (name === 'STACK_GLOBAL') this.stackGlobal();
    else if (name === 'REDUCE') {
      const args = stack.pop();
      this.call(stack.pop(), args.kind === 'tuple' ? args.items : undefined);
    } else if (name === 'NEWOBJ' || name === 'NEWOBJ_EX') {
      if (name === 'NEWOBJ_EX') this.used(stack.pop());
      const args = stack.pop();
      this.call(stack.pop(), args.kind === 'tuple' ? args.items : undefined);
    } else if (name === 'OBJ') {
      const [callable, ...args] = stack.popMark();
      if (!callable) throw new MalformedPickle('there is nothing to make an object of');
      this.call(callable, args);
    } else if (name === 'BUILD') return this.build();
    else if (name === 'BINPERSID') {
      stack.pop();
      this.persistentId();
    } else this.mutate(name);
    return undefined;
  }

  /** APPEND, SETITEM and the like: they call a method of what they change. */
  private mutate(name: string): void {
    const { stack } = this;
    const added = name.endsWith('S')
      ? stack.popMark()
      : name === 'APPEND'
        ? [stack.pop()]
        : [stack.pop(), stack.pop()].reverse();
    this.used(...added);
    const target = stack.top();
    if (target.kind === 'global') this.listener.unresolved(`the import ${importName(target)} is changed`, this.at);
    if (target.kind !== 'dict' || !name.startsWith('SET')) return;
    setEntries(target.entries, added);
  }

  private stackGlobal(): void {
    const [name, module] = [this.stack.pop(), this.stack.pop()];
    if (name.kind === 'text' && module.kind === 'text') {
      this.stack.push(this.import(module.text, name.text));
      return;
    }
    this.listener.unresolved('an import whose name is made while the file is read', this.at);
    this.stack.push(opaque);
  }

  private import(module: string, name: string): GlobalValue {
    const found: GlobalValue = { kind: 'global', module: currentModule(module), name };
    // getattr alone imports nothing: what it is called with is looked at, and that it is called.
    if (!isGlobal(found, getattr)) this.listener.imported(found, this.at);
    return found;
  }

  /** A call. What is called must be an import: the outcome of another call could be anything. */
  private call(callable: Value, args: readonly Value[] | undefined): void {
    if (isGlobal(callable, getattr)) {
      this.stack.push(this.attribute(args));
      return;
    }
    this.used(...(args ?? []));
    if (callable.kind === 'global') this.stack.push(objectOf(callable, args?.slice(0, mostKnown) ?? []));
    else {
      const what =
        callable.kind === 'object' ? `what ${importName(callable.made)} has given` : 'a value that is not known';
      this.listener.unresolved(`a call of ${what}`, this.at);
      this.stack.push(opaque);
    }
  }

  /** getattr of an import is an import by another way. */
  private attribute(args: readonly Value[] | undefined): Value {
    const [object, name] = args ?? [];
    if (object?.kind === 'global' && name?.kind === 'text') {
      return this.import(object.module, `${object.name}.${name.text}`);
    }
    this.listener.unresolved('an attribute that is looked up with getattr', this.at);
    return opaque;
  }

  private build(): Promise<void> | undefined {
    const state = this.stack.pop();
    this.used(state);
    const target = this.stack.top();
    if (target.kind === 'global') this.listener.unresolved(`the import ${importName(target)} is changed`, this.at);
    if (target.kind !== 'object') return undefined;
    target.state = state;
    return this.listener.built(target, this.reader, this.at);
  }

  private persistentId(): void {
    if (!this.listener.persistentIds)
      this.listener.unresolved('a name that only the reading program understands', this.at);
    this.stack.push(opaque);
  }

  /** getattr that goes anywhere but into a call could be called later, out of sight. */
  private readonly used = (...values: readonly Value[]): void => {
    if (values.some((value) => isGlobal(value, getattr))) {
      this.listener.unresolved('getattr is handed on, and may be called with anything', this.at);
    }
  };
}

/** The protocols before 2 make an object by a function of copyreg, which is given the class. */
function objectOf(callable: GlobalValue, args: readonly Value[]): ObjectValue {
  const [made] = args;
  const isMaker = isGlobal(callable, 'copyreg:_reconstructor') || isGlobal(callable, 'copyreg:__newobj__');
  return { kind: 'object', made: isMaker && made?.kind === 'global' ? made : callable, args };
}

function indexOf(line: string): number {
  const digits = line.trim().replaceAll('_', '');
  if (!/^\d{1,15}$/.test(digits)) throw new MalformedPickle(`"${line.slice(0, 20)}" is no place of the memo`);
  return Number(digits);
}
