import { z } from 'zod';

/** The values that the document is made of: JSON, and no others. */
export const object = z.strictObject;
export const list = <Item extends z.ZodType>(item: Item) => z.array(item);
export const text = z.string();
export const number = z.int().min(0);
export const digest = z.string().regex(/^sha256:/);
/** UTC, with milliseconds. */
export const instant = z.iso.datetime({ precision: 3 });
/** JSON whose shape others own. */
export const json = z.unknown();
export const person = object({ id: text, name: text.nullable().describe('null: the account is gone') }).meta({
  id: 'Person',
});

export const decisionEndings = ['WITHDRAWN', 'ANSWERED', 'REPLACED'] as const;
