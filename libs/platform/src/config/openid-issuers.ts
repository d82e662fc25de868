import { z } from 'zod';

/** Signatures by a private key only: `none`, and HS*, whose key every verifier would have, cannot be set. */
const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
] as const;

const text = z.string().min(1);

/** An issuer's name is compared letter by letter, so it is kept as it is written. */
function isIssuer(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, search, hash, username } = new URL(value);
  const thisMachine = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return (protocol === 'https:' || (protocol === 'http:' && thisMachine)) && !search && !hash && !username;
}

const issuer = z.strictObject({
  issuer: z.string().refine(isIssuer, 'must be the https URL that the issuer calls itself; http on this machine only'),
  audience: z.union([text, z.array(text).min(1)]).transform((audience) => [audience].flat()),
  algorithms: z.array(z.enum(algorithms)).min(1).default(['RS256', 'PS256', 'ES256', 'EdDSA']),
  clockSkewSeconds: z.number().int().min(0).max(300).default(60),
  nameClaim: text.default('preferred_username'),
  groupsClaim: text.optional(),
  createGroups: z.boolean().default(false),
  clientId: text.optional(),
  clientSecret: text.optional(),
  scope: z
    .string()
    .refine((scope) => scope.split(' ').includes('openid'), 'must contain openid')
    .default('openid profile'),
});

/** An OpenID Connect issuer whose tokens are accepted (docs/operations.md). */
export type OpenidIssuer = z.output<typeof issuer>;

const example = '[{"issuer":"https://login.example.com","audience":"imprimatur"}]';

/** OIDC_ISSUERS: a JSON array, none when not set. */
export const openidIssuers = z
  .string()
  .optional()
  .transform((json, context): unknown => {
    try {
      return JSON.parse(json ?? '[]');
    } catch {
      context.addIssue({ code: 'custom', message: `must be a JSON array, for example ${example}` });
      return z.NEVER;
    }
  })
  .pipe(
    z
      .array(issuer)
      .refine(
        (issuers) => new Set(issuers.map((each) => each.issuer)).size === issuers.length,
        'names an issuer twice',
      ),
  );
