import { canonicalJson } from '@app/platform';
import type { ApprovalRule, PolicyRules } from './policy.js';

/** One value that two revisions of a policy do not share. */
export interface PolicyChange {
  /** `gates.auc.config.min`: gates and approval rules are named by their keys, so that their order is no difference. */
  path: string;
  kind: 'ADDED' | 'REMOVED' | 'CHANGED';
  before: unknown;
  after: unknown;
}

type Tree = { [name: string]: unknown };

const byName = (rules: readonly ApprovalRule[]): Tree =>
  Object.fromEntries(
    rules.map(({ name, principalIds, ...rule }) => [name, { ...rule, approvers: present(principalIds) }]),
  );

/** A set: each of its elements is there, or it is not. */
const present = (elements: readonly string[]): Tree => Object.fromEntries(elements.map((element) => [element, true]));

/** The rules as a tree, in which every list that has no order is a set or goes by its keys. */
const treeOf = ({ protects, gates, approvals, rollback, ...rest }: PolicyRules): Tree => ({
  protects: { stages: present(protects.stages), aliases: present(protects.aliases) },
  gates: Object.fromEntries(gates.map(({ key, ...gate }) => [key, gate])),
  approvals: byName(approvals),
  rollback: { ...rollback, approvals: rollback.approvals && byName(rollback.approvals) },
  ...rest,
});

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** An alias may be called constructor: what every object has is no part of the rules. */
const own = (tree: Tree, name: string): unknown => (Object.hasOwn(tree, name) ? tree[name] : undefined);

const equal = (one: unknown, other: unknown): boolean =>
  one === other || (one !== undefined && other !== undefined && canonicalJson(one) === canonicalJson(other));

function differences(before: Tree, after: Tree, path: readonly string[]): PolicyChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name): PolicyChange[] => {
    const [was, is] = [own(before, name), own(after, name)];
    const here = [...path, name];
    if (equal(was, is)) return [];
    if (isTree(was) && isTree(is)) return differences(was, is, here);
    const kind = was === undefined ? 'ADDED' : is === undefined ? 'REMOVED' : 'CHANGED';
    return [{ path: here.join('.'), kind, before: was ?? null, after: is ?? null }];
  });
}

/** What changed from one revision of a policy to another, down to single values. */
export const policyDifference = (before: PolicyRules, after: PolicyRules): PolicyChange[] =>
  differences(treeOf(before), treeOf(after), []);
