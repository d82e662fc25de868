import { IdSet } from '@app/platform';
import sql, { join, raw, type Sql } from 'sql-template-tag';
import type { AccessAbility, Action } from './ability.js';
import { type Authority, auditedKind, type Condition, decisionFor, isCondition, type Question } from './decision.js';
import type { SecurableKind } from './securable.js';

type AccessRule = ReturnType<AccessAbility['rulesFor']>[number];

/** For each place of a condition, the columns that stand for the fields of the path there. */
type Columns = Record<Condition['at'], Record<string, string>>;

const securableColumnsAt: Columns = {
  OBJECT: { id: 'id', catalogId: 'catalog_id', schemaId: 'schema_id', ownerId: 'owner_id' },
  CATALOG: { id: 'catalog_id', catalogId: 'catalog_id' },
  SCHEMA: { id: 'schema_id', schemaId: 'schema_id', catalogId: 'catalog_id' },
};

const auditedColumns: Columns = {
  OBJECT: { id: 'securable_id', catalogId: 'catalog_id', schemaId: 'schema_id' },
  CATALOG: {},
  SCHEMA: {},
};

/**
 * The list filter: a predicate over the row `alias` of `securables` that is true exactly where `allows` is. An ability
 * without a rule becomes FALSE.
 */
export const predicate = (authority: Authority, question: Question, kind: SecurableKind, alias: string): Sql =>
  decisionSql(authority, question, kind, alias, securableColumnsAt);

/** The list filter of READ_AUDIT, over the row `alias` of `audit_events`. */
export const auditPredicate = (authority: Authority, alias: string): Sql =>
  decisionSql(authority, 'READ_AUDIT', auditedKind, alias, auditedColumns);

/**
 * Where an ability of changed rules says anything about a decision: a predicate over the row `alias` of `securables`, or
 * null when no condition of the decision is touched by them.
 */
export function touched(changed: AccessAbility, question: Question, kind: SecurableKind, alias: string): Sql | null {
  const terms = decisionFor(question, kind)
    .flat()
    .filter(isCondition)
    .flatMap(
      ({ actions, at }) => actionsSql(changed, actions, subjectAt(at, kind), securableColumnsAt[at], alias) ?? [],
    );
  return terms.length > 0 ? sql`(${join(terms, ' OR ')})` : null;
}

const subjectAt = (at: Condition['at'], kind: SecurableKind): SecurableKind => (at === 'OBJECT' ? kind : at);

function decisionSql(
  { ability, narrowing }: Authority,
  question: Question,
  kind: SecurableKind,
  alias: string,
  columns: Columns,
): Sql {
  const alternatives = decisionFor(question, kind, narrowing).map((conditions) => {
    const terms = conditions.map((term) =>
      isCondition(term)
        ? (actionsSql(ability, term.actions, subjectAt(term.at, kind), columns[term.at], alias) ?? sql`FALSE`)
        : sql`${raw(`${alias}.${columns.OBJECT.catalogId}`)} = ${term.within}::uuid`,
    );
    return sql`(${join(terms, ' AND ')})`;
  });
  return alternatives.length > 0 ? sql`(${join(alternatives, ' OR ')})` : sql`FALSE`;
}

/** null: no rule allows one of the actions. */
function actionsSql(
  ability: AccessAbility,
  actions: readonly Action[],
  subject: SecurableKind,
  columns: Record<string, string>,
  alias: string,
): Sql | null {
  const { everything, ids } = allowedBy(ability, actions, subject);
  if (everything) return sql`TRUE`;
  if (ids.size === 0) return null;
  const terms = [...ids].map(([field, set]) => memberSql(columns[field], field, set, alias));
  return sql`(${join(terms, ' OR ')})`;
}

/** What the rules of an ability allow, all of them together. */
interface Allowed {
  /** A rule without conditions is among them. */
  everything: boolean;
  /** By the field of the path that the ids are compared with. */
  ids: ReadonlyMap<string, readonly string[]>;
}

const known = new WeakMap<AccessAbility, Map<string, Allowed>>();

/**
 * Of many grants, one set for each field: an object that is granted in three ways is sent and compared once. Kept with the
 * ability, which request after request asks.
 */
function allowedBy(ability: AccessAbility, actions: readonly Action[], subject: SecurableKind): Allowed {
  const question = `${subject} ${actions.join()}`;
  const answers = known.get(ability) ?? new Map<string, Allowed>();
  known.set(ability, answers);
  let answer = answers.get(question);
  if (!answer) {
    answer = together(actions.flatMap((action) => ability.rulesFor(action, subject)));
    answers.set(question, answer);
  }
  return answer;
}

function together(rules: readonly AccessRule[]): Allowed {
  const sets = new Map<string, Set<string>>();
  for (const { inverted, conditions } of rules) {
    // Rules only allow (ability.ts): what is left out of the union would otherwise be let through.
    if (inverted) throw new Error('a rule that forbids has no place in a union of what is allowed');
    if (!conditions) return { everything: true, ids: new Map() };
    const [[field, { $in: ids }] = ['', { $in: [] }]] = Object.entries(conditions as Record<string, { $in: string[] }>);
    const set = sets.get(field) ?? new Set();
    for (const id of ids) set.add(id);
    sets.set(field, set);
  }
  // The smallest first: what it decides, PostgreSQL does not look up in the others.
  const fields = [...sets].sort(([, one], [, other]) => one.size - other.size);
  return { everything: false, ids: new Map(fields.map(([field, set]) => [field, [...set]])) };
}

/** Up to here PostgreSQL's planner may find each id in an index; of more it would weigh every one, for longer than a hash takes. */
const most = 1000;

function memberSql(column: string | undefined, field: string, ids: readonly string[], alias: string): Sql {
  if (!column) throw new Error(`no column stands for the field "${field}" of a rule`);
  const set = sql`${new IdSet(ids)}::uuid[]`;
  return ids.length > most
    ? sql`${raw(`${alias}.${column}`)} IN (SELECT unnest(${set}))`
    : sql`${raw(`${alias}.${column}`)} = ANY(${set})`;
}
