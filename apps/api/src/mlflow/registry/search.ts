import { InvalidArgument } from '@app/platform';
import type { ModelVersionSearch, RegisteredModelSearch, SearchCondition, SearchOperator } from '@app/registry';
import { type Comparison, parseFilter, parseOrderBy } from '../wire/filter.js';

interface SearchParams {
  filter?: string | undefined;
  order_by: string[];
  max_results: number;
  page_token?: string | undefined;
}

interface Attribute<Field> {
  field: Field;
  operators: readonly SearchOperator[];
}

const textOperators: readonly SearchOperator[] = ['=', '!=', 'LIKE', 'ILIKE'];
const listOperators: readonly SearchOperator[] = [...textOperators, 'IN', 'NOT IN'];
const numberOperators: readonly SearchOperator[] = ['=', '!=', '<', '<=', '>', '>='];

const modelAttributes: Record<string, Attribute<'NAME'>> = { name: { field: 'NAME', operators: listOperators } };
const versionAttributes: Record<string, Attribute<'NAME' | 'RUN_ID' | 'SOURCE' | 'NUMBER'>> = {
  name: { field: 'NAME', operators: listOperators },
  run_id: { field: 'RUN_ID', operators: listOperators },
  source_path: { field: 'SOURCE', operators: textOperators },
  version_number: { field: 'NUMBER', operators: numberOperators },
};

type ModelOrder = RegisteredModelSearch['order'][number];
const modelKeys: Record<string, ModelOrder['field']> = {
  name: 'NAME',
  timestamp: 'UPDATED_AT',
  last_updated_timestamp: 'UPDATED_AT',
};
type VersionOrder = ModelVersionSearch['order'][number];
const versionKeys: Record<string, VersionOrder['field']> = {
  name: 'NAME',
  version_number: 'NUMBER',
  creation_timestamp: 'CREATED_AT',
  last_updated_timestamp: 'UPDATED_AT',
};

/** Prompts are registered models with this tag; a search leaves them out unless its filter asks for them. */
export const promptTag = 'mlflow.prompt.is_prompt';

/** Of two tags with one key the last one counts. */
export const isPrompt = (tags: readonly { key: string; value: string }[] = []): boolean =>
  tags.findLast(({ key }) => key === promptTag)?.value.toLowerCase() === 'true';

const invalid = (message: string) => new InvalidArgument(message, ['filter']);
const listed = (keys: object) => `'${Object.keys(keys).join("', '")}'`;

function checkedValue({ key, operator, value }: Comparison, isNumber: boolean): string | number | string[] {
  if (Array.isArray(value)) {
    if (value.every((item) => typeof item === 'string')) return value;
  } else if (isNumber) {
    const number = Number(value);
    if (value !== '' && Number.isSafeInteger(number)) return number;
    throw invalid(`Invalid value for numeric attribute '${key}': ${JSON.stringify(value)}`);
  } else if (typeof value === 'string') return value;
  throw invalid(
    `Expected a quoted string value for '${key}' ${operator} (e.g. 'my-value'). Got ${JSON.stringify(value)}`,
  );
}

function conditionOf<Field extends string>(
  comparison: Comparison,
  attributes: Record<string, Attribute<Field>>,
): SearchCondition<Field> {
  const { entity, key } = comparison;
  if (entity !== 'attribute' && entity !== 'tag') {
    throw invalid(`Invalid entity type '${entity}'. Valid entity types are 'attribute' and 'tag'`);
  }
  const attribute = Object.hasOwn(attributes, key) ? attributes[key] : undefined;
  if (entity === 'attribute' && !attribute) {
    throw invalid(`Invalid attribute key '${key}' specified. Valid keys are ${listed(attributes)}`);
  }
  const operators = entity === 'tag' ? textOperators : (attribute as Attribute<Field>).operators;
  const operator = operators.find((known) => known === comparison.operator);
  if (!operator) throw invalid(`Invalid comparator for ${entity} ${key}: ${comparison.operator}`);
  const value = checkedValue(comparison, operators === numberOperators);
  return { field: entity === 'tag' ? { tag: key } : (attribute as Attribute<Field>).field, operator, value };
}

/** True when a filter asks for prompts: the first clause on the tag says so, as in MLflow's own store. */
function asksForPrompts(comparisons: readonly Comparison[]): boolean {
  const clause = comparisons.find(({ entity, key }) => entity === 'tag' && key === promptTag);
  const wanted = `${clause?.operator} ${clause?.value}`.toLowerCase();
  return wanted === '= true' || wanted === '!= false';
}

function conditionsOf<Field extends string>(
  filter: string | undefined,
  attributes: Record<string, Attribute<Field>>,
): SearchCondition<Field>[] {
  const comparisons = parseFilter(filter);
  const conditions = comparisons.map((comparison) => conditionOf(comparison, attributes));
  if (asksForPrompts(comparisons)) return conditions;
  // A model without the tag is no prompt: "!= 'true'" must find it.
  const others = conditions.filter(({ field }) => typeof field === 'string' || field.tag !== promptTag);
  return [...others, { field: { tag: promptTag }, operator: 'ILIKE', value: 'true', negated: true }];
}

function orderOf<Field extends string>(
  texts: readonly string[],
  keys: Record<string, Field>,
  tieBreaks: readonly { field: Field; direction: 'ASC' | 'DESC' }[],
): { field: Field; direction: 'ASC' | 'DESC' }[] {
  const order = parseOrderBy(texts).map(({ entity, key, ascending }) => {
    const field = entity === 'attribute' && Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (!field) {
      throw new InvalidArgument(`Invalid order by key '${key}' specified. Valid keys are ${listed(keys)}`, [
        'order_by',
      ]);
    }
    return { field, direction: ascending ? ('ASC' as const) : ('DESC' as const) };
  });
  const fields = order.map(({ field }) => field);
  if (new Set(fields).size < fields.length) {
    throw new InvalidArgument(`\`order_by\` contains duplicate fields: ${texts.join(', ')}`, ['order_by']);
  }
  return [...order, ...tieBreaks.filter(({ field }) => !fields.includes(field))];
}

/** @throws InvalidArgument in the words of MLflow's server */
export const modelSearchOf = ({ filter, order_by, max_results, page_token }: SearchParams): RegisteredModelSearch => ({
  conditions: conditionsOf(filter, modelAttributes),
  order: orderOf(order_by, modelKeys, [{ field: 'NAME', direction: 'ASC' }]),
  pageSize: max_results,
  pageToken: page_token || null,
});

/** @throws InvalidArgument in the words of MLflow's server */
export const versionSearchOf = ({ filter, order_by, max_results, page_token }: SearchParams): ModelVersionSearch => ({
  conditions: conditionsOf(filter, versionAttributes),
  order: orderOf(order_by.length > 0 ? order_by : ['last_updated_timestamp DESC'], versionKeys, [
    { field: 'NAME', direction: 'ASC' },
    { field: 'NUMBER', direction: 'DESC' },
  ]),
  pageSize: max_results,
  pageToken: page_token || null,
});

/** The form in which names are answered: as the filter writes them, flat when it writes none. */
export function nameForm({ conditions }: { conditions: SearchCondition<string>[] }): string {
  const names = conditions.filter(({ field }) => field === 'NAME').flatMap(({ value }) => value);
  return names.map(String).find((name) => name.includes('.')) ?? '';
}
