import { z } from 'zod';

/** An object that takes the named fields and no others, and says so. */
export function strictObject<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? `is not known here; there are: ${known}` : undefined),
  });
}

/** A map from names to what is said about them. */
export const named = <Value extends z.ZodType>(key: z.ZodString, value: Value) => z.record(key, value);

export const principalName = z
  .string()
  .regex(
    /^(?!\s)(?!.*\s$)[^:\p{Cc}]{1,255}$/u,
    'is not a name of a principal: 1 to 255 characters, no ":", no control character, no space at either end',
  )
  .meta({ id: 'PrincipalName' });

const segment = String.raw`(?!\s)[^./:@\p{Cc}]{1,255}(?<!\s)`;

/** A dotted name of so many parts. */
export const dottedName = (shape: string) => {
  const parts = shape.split('.').length;
  return z
    .string()
    .regex(
      new RegExp(`^${Array(parts).fill(segment).join(String.raw`\.`)}$`, 'u'),
      `must have the form ${shape}, each part without . / : @, control characters and spaces at its ends`,
    );
};
