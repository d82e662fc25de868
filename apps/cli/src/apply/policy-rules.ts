import type { PolicyRules } from '../access-file/rules.schema.js';
import { nameKey } from '../access-file/securable-kind.js';

type Stage = PolicyRules['protects']['stages'][number];
type Gate = PolicyRules['gates'][number];

/** Rules as the API answers them. */
export interface WireRules extends Omit<PolicyRules, 'protects' | 'gates' | 'approvals'> {
  protects: { stages: string[]; aliases: string[] };
  gates: (Pick<Gate, 'key' | 'type' | 'required' | 'timeoutSeconds' | 'attempts'> & Record<string, unknown>)[];
  approvals: { name: string; count: number; approvers: { name: string }[] }[];
}

const present = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(present);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined);
  return Object.fromEntries(entries.map(([key, inner]) => [key, present(inner)]));
};

/** The words of the file for what the API says. */
export function fromWire({ protects, gates, approvals, ...rest }: WireRules): PolicyRules {
  const stages = protects.stages.map((stage) => (stage.charAt(0) + stage.slice(1).toLowerCase()) as Stage);
  return {
    ...rest,
    expiresAfterSeconds: rest.expiresAfterSeconds ?? null,
    protects: { stages, aliases: protects.aliases },
    gates: gates.map((gate) => present(gate) as Gate),
    approvals: approvals.map((rule) => ({ ...rule, approvers: rule.approvers.map(({ name }) => name) })),
  };
}

/** The other way: what policyCreate and policyRevise take. */
export const toWire = (rules: PolicyRules): Record<string, unknown> => ({
  ...rules,
  protects: { ...rules.protects, stages: rules.protects.stages.map((stage) => stage.toUpperCase()) },
});

const sortedBy = <Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[] =>
  [...items].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));

/** Two rules that mean the same become equal: order, and case where it is ignored, have no meaning. */
function canonical(rules: PolicyRules): Record<string, unknown> {
  const { protects, gates, approvals } = rules;
  const same = (text: string) => text;
  return {
    ...rules,
    protects: { stages: sortedBy(protects.stages, same), aliases: sortedBy(protects.aliases, same) },
    gates: sortedBy(gates, ({ key }) => key),
    approvals: sortedBy(
      approvals.map((rule) => ({ ...rule, approvers: sortedBy(rule.approvers.map(nameKey), same) })),
      ({ name }) => name,
    ),
  };
}

/** The same with the keys of every map in order, so that two states can be compared by eye. */
export function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    sortedBy(Object.entries(value), ([key]) => key).map(([key, inner]) => [key, ordered(inner)]),
  );
}

/** The fields in which two rules differ: none when they mean the same. */
export function differingFields(one: PolicyRules, other: PolicyRules): (keyof PolicyRules)[] {
  const [first, second] = [canonical(one), canonical(other)].map((rules) => present(rules) as Partial<PolicyRules>);
  const fields = new Set([first, second].flatMap((rules) => Object.keys(rules ?? {}) as (keyof PolicyRules)[]));
  return [...fields].filter(
    (field) => JSON.stringify(ordered(first?.[field])) !== JSON.stringify(ordered(second?.[field])),
  );
}
