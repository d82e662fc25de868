/** An import: a name of a module, which may have dots where it was reached through attributes. */
export interface GlobalValue {
  kind: 'global';
  module: string;
  name: string;
}

/** What a call gave: the callable, its arguments as far as they are known, and the state that was set afterwards. */
export interface ObjectValue {
  kind: 'object';
  made: GlobalValue;
  args: readonly Value[];
  state?: Value;
}

/**
 * What is known of a value on the stack of a pickle, without it being made. Only what can lead to an import, and what
 * tells the size of an array, is known; everything else is opaque.
 */
export type Value =
  | { kind: 'text'; text: string }
  | { kind: 'number'; number: number }
  | { kind: 'tuple'; items: readonly Value[] }
  | { kind: 'dict'; entries: Map<string, Value> }
  | { kind: 'opaque' }
  | GlobalValue
  | ObjectValue;

export const opaque: Value = Object.freeze({ kind: 'opaque' });
export const emptyTuple: Value = Object.freeze({ kind: 'tuple', items: Object.freeze([]) });

export const importName = ({ module, name }: Pick<GlobalValue, 'module' | 'name'>): string => `${module}:${name}`;
export const isGlobal = (value: Value | undefined, name: string): boolean =>
  value?.kind === 'global' && importName(value) === name;

/** Modules that Python 3 finds under another name when it reads a pickle of Python 2. */
const renamed: Record<string, string> = { __builtin__: 'builtins', copy_reg: 'copyreg' };
export const currentModule = (module: string): string => renamed[module] ?? module;

const identifier = '[\\p{L}_][\\p{L}\\p{N}_]*';
const dotted = new RegExp(`^${identifier}(\\.${identifier})*$`, 'u');

/** Could there be such a module, with such a name in it? */
export const isImportable = (module: string, name: string): boolean => dotted.test(module) && dotted.test(name);

/** How many members of a tuple, a dictionary or a call are kept in mind. Nothing that leads to an import has more. */
export const mostKnown = 16;
