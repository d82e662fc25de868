import type { Completeness, ItemState } from './completeness.schema.js';
import { approvalRules } from './completeness-of-approval.js';
import { modelRules } from './completeness-of-model.js';
import type { CompletenessRule } from './completeness-rule.js';
import type { DossierContent } from './dossier.schema.js';

export const completenessRules: readonly CompletenessRule[] = [...modelRules, ...approvalRules];

/** What is there and what is missing, all alike in weight. What the viewer may not see counts neither way. */
export function completenessOf(content: DossierContent): Completeness {
  const hidden = new Set(content.notShown.map(({ section }) => section));
  const items = completenessRules.map(({ item, section, headings, todo, state }) => {
    const found: ItemState = hidden.has(section) ? 'NOT_SHOWN' : state(content);
    return { item, state: found, headings, todo: found === 'MISSING' ? todo : null };
  });
  const count = (wanted: ItemState) => items.filter(({ state }) => state === wanted).length;
  const present = count('PRESENT');
  const applicable = present + count('MISSING');
  return { score: applicable === 0 ? 1 : Math.round((present / applicable) * 1000) / 1000, present, applicable, items };
}
