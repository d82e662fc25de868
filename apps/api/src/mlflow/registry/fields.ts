import { z } from 'zod';
import { optional, required } from '../wire/parse.js';

/** Fields that several calls of the registry API share. */
export const tag = z.object({ key: required, value: z.string().default('') });
export const tags = optional(z.array(tag));

/** A version travels as a text; older clients send a number. */
export const version = z
  .union([z.string(), z.number()])
  .transform(String)
  .refine((text) => /^[1-9]\d{0,9}$/.test(text), {
    error: ({ input }) => `Parameter 'version' must be an integer, got '${input}'. Versions are counted from 1.`,
    params: { isSentence: true },
  })
  .transform(Number);

export const ofModel = z.object({ name: required });
export const ofVersion = ofModel.extend({ version });
export const ofAlias = ofModel.extend({ alias: required });
