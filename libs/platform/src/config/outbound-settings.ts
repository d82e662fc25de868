import { z } from 'zod';
import { isNetwork, listOf } from './setting-types.js';

const network = z
  .string()
  .refine(
    (text) => isNetwork(text) && !text.includes('%'),
    'must be IP addresses or networks, for example 10.20.0.0/16, separated by commas',
  );

/** What the service may call by itself, and what seals the secrets that it needs for it. */
export const outboundSettings = {
  OUTBOUND_ALLOW: listOf(network).describe(
    'Networks beside the public internet that webhooks and external gates may call, separated by commas; plain http is possible there only.',
  ),
  SECRETS_KEY_FILE: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The key (32 bytes, base64) that seals secrets in the database; one is made at `DATA_DIR/secrets-key` when not set.',
    ),
};
