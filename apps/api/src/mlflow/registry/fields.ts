import { z } from 'zod';
import { optional, required } from '../wire/parse.js';

/** Fields that several calls of the registry API share. */
export const tag = z.object({ key: required, value: z.string().default('') });
export const tags = optional(z.array(tag));

/** A version travels as a text; older clients send a number. */
export const version = z
  .union([z.string(), z.number()])
  .transform(String)
  .pipe(z.string().regex(/^[1-9]\d{0,9}$/, 'must be a whole number from 1'))
  .transform(Number);

export const ofModel = z.object({ name: required });
export const ofVersion = ofModel.extend({ version });
export const ofAlias = ofModel.extend({ alias: required });
