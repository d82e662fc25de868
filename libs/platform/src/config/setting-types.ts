import { isIP } from 'node:net';
import { z } from 'zod';

/** Values separated by commas; none when not set. */
export const listOf = (element: z.ZodType<string, string>) =>
  z
    .string()
    .optional()
    .transform((text) => (text ?? '').split(',').map((part) => part.trim()))
    .transform((parts) => parts.filter(Boolean))
    .pipe(z.array(element));

/** Off, unless it is said to be on. */
export const onOrOff = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((text) => text === 'true')
  .default(false);

/** Is this an IP address, or a network as address/bits? */
export const isNetwork = (text: string): boolean => {
  const [address = '', bits, ...rest] = text.split('/');
  const most = isIP(address) === 4 ? 32 : 128;
  return isIP(address) > 0 && rest.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && +bits <= most));
};
