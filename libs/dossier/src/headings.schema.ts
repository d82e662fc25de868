import { z } from 'zod';
import { list, object, text } from './schema-parts.js';

/** The parts of a dossier that headings point to. */
export const sections = [
  'request',
  'version',
  'training',
  'lineage',
  'evidence',
  'gates',
  'approvals',
  'decisions',
  'policies',
  'statement',
  'review',
  'discussion',
  'events',
] as const;
export type Section = (typeof sections)[number];

export const frameworks = ['EU_AI_ACT', 'SR_26_2', 'ISO_42001'] as const;
export type Framework = (typeof frameworks)[number];

export const headingSchema = object({
  framework: z.enum(frameworks),
  reference: text.describe('The point of the rule: "Annex IV, 2(d)"'),
  title: text.describe('What it is about, in our words'),
  source: text.describe('Where the rule is published'),
  sections: list(z.enum(sections)).describe(
    'Where the dossier has something for it; empty: nothing of it is kept here',
  ),
  note: text.nullable().describe('What the service does not know of it'),
});

/** A point of a rule, and what a dossier has for it. */
export type Heading = z.infer<typeof headingSchema>;
