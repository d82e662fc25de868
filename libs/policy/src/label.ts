import { z } from 'zod';

/** What people name gates, rules, policies and validators by. */
export const label = (what: string) =>
  z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 _.-]{0,62}$/, `${what}: 1 to 63 letters, digits, " ", "_", "." and "-"`);
