// What a run measures, and how long. Every number may be set: npm run bench -- mlflow --rounds=7 --versions=2,100000
// A preset sets several: npm run bench -- mlflow --preset=full

const defaults = {
  rounds: 3,
  seconds: 1,
  connections: [32, 1],
  versions: [2, 1000, 10_000],
  points: 200,
  runs: 50_000,
  found: [10_000, 100_000],
  catalogs: 20,
  schemas: 2000,
  models: 100_000,
  grants: 55_000,
  edges: 1_000_000,
  gates: 500,
  approvals: 15,
  starts: 3,
  artifact: 1024,
  copies: 3,
  events: 100_000,
  writers: 16,
  load: 15,
};

/** full: the sizes of the goals, for a quiet machine and half an hour; quick: does every part work at all. */
const presets = {
  full: { rounds: 5, points: 1000, runs: 100_000, found: [10_000, 1_000_000], events: 1_000_000, load: 60 },
  quick: {
    ...{ rounds: 1, seconds: 0.3, versions: [2, 200], points: 20, runs: 1000, found: [1000, 2000] },
    ...{
      schemas: 100,
      models: 1000,
      grants: 500,
      edges: 100_000,
      gates: 20,
      approvals: 3,
      starts: 1,
      events: 5000,
      load: 3,
    },
  },
};

/**
 * Reads the command line.
 * @returns {{ parts: string[], sizes: typeof defaults }} parts: the names that were given, all when none was
 * @throws Error naming what is not known, or no whole number
 */
export function readOptions(args, knownParts, groups) {
  const sizes = { ...defaults };
  const parts = [];
  for (const arg of args) {
    const preset = /^--preset=(\w+)$/.exec(arg)?.[1];
    if (preset && Object.hasOwn(presets, preset)) {
      Object.assign(sizes, presets[preset]);
      continue;
    }
    const [, name, value] = /^--([a-z]+)=([\d,.]+)$/.exec(arg) ?? [];
    if (name && Object.hasOwn(defaults, name)) sizes[name] = numbersOf(arg, value, Array.isArray(defaults[name]));
    else if (Object.hasOwn(groups, arg)) parts.push(...groups[arg]);
    else if (knownParts.includes(arg)) parts.push(arg);
    else
      throw new Error(
        `${arg} is not known: give parts (${[...knownParts, ...Object.keys(groups)].join(', ')}) a preset (--preset=${Object.keys(presets).join(', ')}) and sizes (--${Object.keys(defaults).join('=N, --')}=N)`,
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
