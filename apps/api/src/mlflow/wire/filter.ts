import { InvalidArgument } from '@app/platform';

export type Entity = 'attribute' | 'metric' | 'param' | 'tag' | 'dataset';
export type Operator =
  | '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'LIKE'
  | 'ILIKE'
  | 'IN'
  | 'NOT IN'
  | 'IS NULL'
  | 'IS NOT NULL';

/** One condition of a filter. Which entities, keys and operators a list knows is decided by its reader. */
export interface Comparison {
  entity: Entity;
  key: string;
  operator: Operator;
  /** A text in quotes, a bare number, or the list of IN; null for IS NULL and IS NOT NULL. */
  value: string | number | (string | number)[] | null;
}

/** One key of an order. */
export interface Ordering {
  entity: Entity;
  key: string;
  ascending: boolean;
}

/** MLflow's spellings of an entity (mlflow/utils/search_utils.py). A key without one is an attribute. */
const entities = new Map<string, Entity>(
  Object.entries({
    attribute: ['attribute', 'attributes', 'attr', 'run'],
    metric: ['metric', 'metrics'],
    param: ['param', 'params', 'parameter', 'parameters'],
    tag: ['tag', 'tags'],
    dataset: ['dataset', 'datasets'],
  } as const).flatMap(([entity, spellings]) => spellings.map((spelling) => [spelling, entity as Entity])),
);

/** A filter is sent as a statement: its length is bounded, however many conditions were meant. */
const longestText = 20_000;
const mostComparisons = 50;

/** Reads a text from its beginning, piece by piece. */
class Scanner {
  private at = 0;

  constructor(
    private readonly complaint: string,
    private readonly text: string,
    private readonly field: string,
  ) {}

  /** The match of a pattern at this place, with the space around it; undefined when it does not match. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    const sticky = new RegExp(String.raw`\s*(?:${pattern.source})\s*`, 'iy');
    sticky.lastIndex = this.at;
    const match = sticky.exec(this.text);
    if (!match) return undefined;
    this.at = sticky.lastIndex;
    return match;
  }

  get atEnd(): boolean {
    return this.text.slice(this.at).trim() === '';
  }

  /** @throws InvalidArgument in words that MLflow's server uses too */
  refuse(expected: string): never {
    const rest = this.text.slice(this.at).trim().slice(0, 100);
    throw new InvalidArgument(`${this.complaint}: ${rest ? `'${rest}'` : 'the end'}. Expected ${expected}`, [
      this.field,
    ]);
  }
}

const identifier = /(?:(?:`(\w+)`|(\w+))\.)?(?:`([^`]+)`|"([^"]+)"|(\w[\w./:-]*(?<!\.)))/;
const operator = /!=|<=|>=|=|<|>|(?:NOT\s+IN|IN|I?LIKE|IS\s+NOT\s+NULL|IS\s+NULL)(?![\w.])/;
const quoted = /'((?:[^']|'')*)'|"((?:[^"]|"")*)"/;
const number = /[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?(?![\w.])/;

function readIdentifier(scanner: Scanner): { entity: Entity; key: string } {
  const match = scanner.take(identifier);
  if (!match) return scanner.refuse('a key, as in metrics.accuracy or name');
  const [, quotedPrefix, prefix = quotedPrefix, backticks, doubleQuotes, bare] = match;
  const key = (backticks ?? doubleQuotes ?? bare) as string;
  if (prefix === undefined) return { entity: 'attribute', key };
  const entity = entities.get(prefix);
  if (!entity) {
    throw new InvalidArgument(
      `Invalid entity type '${prefix}'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']`,
    );
  }
  return { entity, key };
}

function readScalar(scanner: Scanner): string | number | undefined {
  const text = scanner.take(quoted);
  if (text) return text[1]?.replaceAll("''", "'") ?? (text[2] as string).replaceAll('""', '"');
  const digits = scanner.take(number)?.[0];
  return digits === undefined ? undefined : Number(digits);
}

function readList(scanner: Scanner): (string | number)[] {
  if (!scanner.take(/\(/)) scanner.refuse("a list, as in ('a', 'b')");
  const values: (string | number)[] = [];
  do {
    values.push(readScalar(scanner) ?? scanner.refuse('a value in quotes'));
    // A comma may stand before the end, as in a tuple of Python's with one value.
  } while (scanner.take(/,(?!\s*\))/));
  if (!scanner.take(/,?\s*\)/)) scanner.refuse('")"');
  return values;
}

function readComparison(scanner: Scanner): Comparison {
  const { entity, key } = readIdentifier(scanner);
  const sign =
    scanner.take(operator) ?? scanner.refuse('=, !=, <, <=, >, >=, LIKE, ILIKE, IN, NOT IN, IS NULL or IS NOT NULL');
  const comparator = sign[0].trim().toUpperCase().replace(/\s+/g, ' ') as Operator;
  if (comparator === 'IS NULL' || comparator === 'IS NOT NULL')
    return { entity, key, operator: comparator, value: null };
  const value =
    comparator === 'IN' || comparator === 'NOT IN'
      ? readList(scanner)
      : (readScalar(scanner) ?? scanner.refuse("a number, or a text in quotes ('my-value')"));
  return { entity, key, operator: comparator, value };
}

/**
 * Reads a filter of MLflow's: comparisons joined by AND, no OR, no parentheses. Nothing or only space is no condition.
 * @param complaint what the server of MLflow says first of a broken one
 * @throws InvalidArgument that quotes the place where it stops to be one
 */
export function parseFilter(
  text: string | null | undefined,
  complaint = 'Invalid clause(s) in filter string',
): Comparison[] {
  if (!text?.trim()) return [];
  if (text.length > longestText) throw new InvalidArgument(`filter: longer than ${longestText} characters`, ['filter']);
  const scanner = new Scanner(complaint, text, 'filter');
  const comparisons: Comparison[] = [];
  do {
    comparisons.push(readComparison(scanner));
  } while (scanner.take(/AND(?!\w)/));
  if (!scanner.atEnd) scanner.refuse('AND, or the end: comparisons are joined by AND only');
  if (comparisons.length > mostComparisons) {
    throw new InvalidArgument(`filter: ${comparisons.length} comparisons, at most ${mostComparisons}`, ['filter']);
  }
  return comparisons;
}

/** Each may cost a join. */
const mostOrderings = 20;

/**
 * Reads the entries of order_by: `metrics.accuracy DESC`, `name`.
 * @throws InvalidArgument when one is none, or when a key is there twice
 */
export function parseOrderBy(texts: readonly string[]): Ordering[] {
  if (texts.length > mostOrderings) {
    throw new InvalidArgument(`order_by: ${texts.length} entries, at most ${mostOrderings}`, ['order_by']);
  }
  const orderings = texts.map((text) => {
    const scanner = new Scanner(`Invalid order_by clause '${text.slice(0, 100)}'`, text, 'order_by');
    const { entity, key } = readIdentifier(scanner);
    const direction = scanner
      .take(/(?:ASC|DESC)(?!\w)/)?.[0]
      .trim()
      .toUpperCase();
    if (!scanner.atEnd) scanner.refuse('ASC, DESC or the end');
    return { entity, key, ascending: direction !== 'DESC' };
  });
  const keys = orderings.map(({ entity, key }) => `${entity}.${key}`);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice) throw new InvalidArgument(`\`order_by\` contains duplicate fields: "${twice}"`, ['order_by']);
  return orderings;
}
