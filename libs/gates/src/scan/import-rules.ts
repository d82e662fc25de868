import type { GateConfig } from '@app/policy';
import { matchesName } from '../evaluators/file-names.js';
import { dangerousImports, safeImports } from './known-imports.js';
import { type GlobalValue, importName } from './pickle-value.js';

/** What is known of an import: SAFE passes, DANGEROUS can run code of anybody's choice, UNKNOWN could. */
export type ImportVerdict = 'SAFE' | 'DANGEROUS' | 'UNKNOWN';
export type ImportRules = (found: GlobalValue) => ImportVerdict;

/**
 * The rules of one gate: those of its policy before those that every scan has. What its policy denies never passes; what
 * it allows without "*" always does; what is known to be dangerous passes no rule with a "*".
 */
export function importRules({ allow, deny }: Pick<GateConfig<'ARTIFACT_SCAN'>, 'allow' | 'deny'>): ImportRules {
  const allowed = rulesOf(allow);
  const denied = rulesOf(deny);
  return (found) => {
    const name = importName(found);
    if (denied.exact.has(name) || denied.matches(found)) return 'DANGEROUS';
    if (allowed.exact.has(name) || safe.has(name)) return 'SAFE';
    if (dangerous.exact.has(name) || dangerous.matches(found)) return 'DANGEROUS';
    return allowed.matches(found) ? 'SAFE' : 'UNKNOWN';
  };
}

interface Rules {
  exact: ReadonlySet<string>;
  matches(found: GlobalValue): boolean;
}

/**
 * Rules of the form module:name. A "*" in the name stands for no dot when something is allowed: behind a dot is an
 * attribute, which may be a module that the named one has imported.
 */
function rulesOf(rules: readonly string[], allDots = false): Rules {
  const patterns = rules
    .filter((rule) => rule.includes('*'))
    .map((rule) => ({ module: rule.slice(0, rule.indexOf(':')), name: rule.slice(rule.indexOf(':') + 1) }));
  return {
    exact: new Set(rules.filter((rule) => !rule.includes('*'))),
    matches: ({ module, name }) =>
      patterns.some(
        (pattern) =>
          (allDots || !name.includes('.') || pattern.name.includes('.')) &&
          matchesName(pattern.module, module) &&
          matchesName(pattern.name, name),
      ),
  };
}

const safe = new Set(safeImports);
const dangerous = rulesOf(dangerousImports, true);
