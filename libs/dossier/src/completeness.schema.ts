import { z } from 'zod';
import { list, number, object, text } from './schema-parts.js';

export const itemStates = ['PRESENT', 'MISSING', 'PENDING', 'NOT_APPLICABLE', 'NOT_SHOWN'] as const;
export type ItemState = (typeof itemStates)[number];

export const completenessSchema = object({
  score: z.number().min(0).max(1).describe('present / applicable, to three places; 1 when nothing applies'),
  present: number,
  applicable: number.describe('Those that are there and those that are missing'),
  items: list(
    object({
      item: text,
      state: z
        .enum(itemStates)
        .describe('PENDING: it only comes later. NOT_SHOWN: the viewer may not see whether it is there'),
      headings: list(text).describe('The rules that ask for it'),
      todo: text.nullable().describe('What would make it complete; only of what is missing'),
    }),
  ),
});

export type Completeness = z.infer<typeof completenessSchema>;
