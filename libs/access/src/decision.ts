import type { Narrowing } from '@app/platform';
import type { AccessAbility, Action } from './ability.js';
import { hasMeaningOn, isDataPrivilege, type Privilege, ruleOf } from './privilege.js';
import type { SecurableKind, SecurablePath } from './securable.js';

/** One of `actions` must be allowed on the object itself, or on the catalog or schema it is in. */
export interface Condition {
  actions: readonly Action[];
  at: 'OBJECT' | 'CATALOG' | 'SCHEMA';
}

/** The object must be in the catalog, or be it: the bound of a narrowed token. */
interface Bound {
  within: string;
}

/**
 * An OR of ANDs of conditions. The single check, the list filter (decision-sql.ts), the explanation (explanation.ts) and
 * the list of those who can (who-can.ts) evaluate the same value, so that they cannot disagree.
 */
export type Decision = readonly (readonly (Condition | Bound)[])[];

/** DISCOVER: may the caller know that the object exists (its name, description and tags)? */
export type Question = Privilege | 'DISCOVER';

/** Whose rights a question is about: a principal's, within the bounds of the token that he came with. */
export interface Authority {
  ability: AccessAbility;
  narrowing?: Narrowing;
}

export const isCondition = (term: Condition | Bound): term is Condition => 'at' in term;

/** ALL_PRIVILEGES is worked out when asked. */
const answeredBy = (privilege: Privilege): Action[] =>
  isDataPrivilege(privilege) && privilege !== 'ALL_PRIVILEGES' ? [privilege, 'ALL_PRIVILEGES'] : [privilege];

const gate = (privilege: 'USE_CATALOG' | 'USE_SCHEMA'): Condition => ({
  actions: answeredBy(privilege),
  at: privilege === 'USE_CATALOG' ? 'CATALOG' : 'SCHEMA',
});

/** The usage gates of what stands below an object of a kind. */
const gatesBelow: Record<SecurableKind, readonly Condition[]> = {
  METASTORE: [],
  CATALOG: [gate('USE_CATALOG')],
  SCHEMA: [gate('USE_CATALOG'), gate('USE_SCHEMA')],
  REGISTERED_MODEL: [],
  EXPERIMENT: [],
};

/** The usage gates of the object itself: those of what stands below its parent. */
const gatesOf: Record<SecurableKind, readonly Condition[]> = {
  METASTORE: [],
  CATALOG: gatesBelow.METASTORE,
  SCHEMA: gatesBelow.CATALOG,
  REGISTERED_MODEL: gatesBelow.SCHEMA,
  EXPERIMENT: gatesBelow.METASTORE,
};

/** BROWSE can be granted on a catalog only; there it covers all that is in it, without the gates. */
const browse: Decision = [[{ actions: answeredBy('BROWSE'), at: 'CATALOG' }]];

/** The three conditions of domain.md, section 3, for a question about an object of a kind. */
function unbounded(question: Question, kind: SecurableKind): Decision {
  if (question === 'DISCOVER') {
    const browsed = hasMeaningOn('BROWSE', kind) ? browse : [];
    return [...browsed, [...gatesOf[kind], { actions: ['DISCOVER'], at: 'OBJECT' }]];
  }
  // What has no meaning there is nobody's right.
  if (!hasMeaningOn(question, kind)) return [];
  if (question === 'BROWSE') return browse;
  const { creates, ungated } = ruleOf(question);
  const gates = ungated ? [] : creates ? gatesBelow[kind] : gatesOf[kind];
  return [[...gates, { actions: answeredBy(question), at: 'OBJECT' }]];
}

/** Everybody knows that there is a metastore, and what it is called. */
const known = (question: Question, kind: SecurableKind): boolean => question === 'DISCOVER' && kind === 'METASTORE';

/** The decision about an object of a kind, within the bounds of a token that was narrowed when it was made. */
export function decisionFor(question: Question, kind: SecurableKind, narrowing?: Narrowing): Decision {
  if (narrowing?.readOnly && question !== 'DISCOVER' && !ruleOf(question).reads) return [];
  const decision = unbounded(question, kind);
  const within = narrowing?.catalogId;
  if (!within || known(question, kind)) return decision;
  // No catalog holds the metastore and the experiments.
  if (kind === 'METASTORE' || kind === 'EXPERIMENT') return [];
  return decision.map((conditions) => [{ within }, ...conditions]);
}

/** The path of the object that a condition is about. A container is asked by its id: its owner is known to the ability by id too. */
export function pathAt(at: Condition['at'], path: SecurablePath): SecurablePath {
  if (at === 'OBJECT') return path;
  const id = (at === 'CATALOG' ? path.catalogId : path.schemaId) as string;
  return { id, kind: at, catalogId: path.catalogId, schemaId: at === 'SCHEMA' ? path.schemaId : null, ownerId: '' };
}

/** Does the condition hold for the object? */
export function holds(ability: AccessAbility, term: Condition | Bound, path: SecurablePath): boolean {
  if (!isCondition(term)) return path.catalogId === term.within;
  const object = pathAt(term.at, path);
  return term.actions.some((action) => ability.can(action, object));
}

/** What the rules come from that meet the condition for the object, each once. */
export function sourcesOf(ability: AccessAbility, { actions, at }: Condition, path: SecurablePath): string[] {
  const object = pathAt(at, path);
  const rules = actions.flatMap((action) => ability.rulesFor(action, object.kind));
  return [...new Set(rules.filter((rule) => rule.matchesConditions(object)).map(({ reason }) => reason as string))];
}

/** The single check. */
export const allows = ({ ability, narrowing }: Authority, question: Question, path: SecurablePath): boolean =>
  decisionFor(question, path.kind, narrowing).some((terms) => terms.every((term) => holds(ability, term, path)));

/** What stands in the columns of an audit event: where its object stood when it happened. All null: on the metastore. */
export interface AuditedPlace {
  securableId: string | null;
  schemaId: string | null;
  catalogId: string | null;
}

/**
 * READ_AUDIT asks for no gate, so that a grant on the catalog, the schema or the securable of an event covers it alike:
 * every event is asked for as what stands innermost, also when its object is gone by now.
 */
export const auditedKind: SecurableKind = 'REGISTERED_MODEL';

/** The single check of READ_AUDIT for an event. */
export const allowsAudit = (authority: Authority, { securableId, schemaId, catalogId }: AuditedPlace): boolean =>
  allows(authority, 'READ_AUDIT', { id: securableId ?? '', kind: auditedKind, catalogId, schemaId, ownerId: '' });
