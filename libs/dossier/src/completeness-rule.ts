import type { ItemState } from './completeness.schema.js';
import type { DossierContent } from './dossier.schema.js';
import type { Section } from './headings.schema.js';

/** One thing that a dossier should have. */
export interface CompletenessRule {
  item: string;
  /** Where it is found; where the section is not shown, nothing is said. */
  section: Section;
  /** The references of the headings that ask for it. */
  headings: string[];
  todo: string;
  state(content: DossierContent): Exclude<ItemState, 'NOT_SHOWN'>;
}
