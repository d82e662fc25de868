// What a run measures, and how long. Every number may be set: npm run bench -- registry --rounds=7 --versions=2,100000

const defaults = {
  rounds: 5,
  seconds: 1,
  connections: [32, 1],
  versions: [2, 1000, 10_000],
  runs: 1000,
  catalogs: 20,
  schemas: 2000,
  models: 100_000,
  grants: 55_000,
  gates: 500,
  approvals: 15,
  starts: 3,
  artifact: 1024,
  copies: 3,
};

/**
 * Reads the command line.
 * @returns {{ parts: string[], sizes: typeof defaults }} parts: the names that were given, all when none was
 * @throws Error naming what is not known, or no whole number
 */
export function readOptions(args, knownParts) {
  const sizes = { ...defaults };
  const parts = [];
  for (const arg of args) {
    const [, name, value] = /^--([a-z]+)=([\d,.]+)$/.exec(arg) ?? [];
    if (name && Object.hasOwn(defaults, name)) sizes[name] = numbersOf(arg, value, Array.isArray(defaults[name]));
    else if (knownParts.includes(arg)) parts.push(arg);
    else
      throw new Error(
        `${arg} is not known: give parts (${knownParts.join(', ')}) and sizes (--${Object.keys(defaults).join('=N, --')}=N)`,
      );
  }
  return { parts: parts.length > 0 ? parts : knownParts, sizes };
}

function numbersOf(arg, text, isList) {
  const numbers = text.split(',').map(Number);
  if (!numbers.every((number) => number > 0) || (!isList && numbers.length > 1))
    throw new Error(`${arg}: must be ${isList ? 'numbers' : 'one number'} above 0`);
  return isList ? numbers : numbers[0];
}
