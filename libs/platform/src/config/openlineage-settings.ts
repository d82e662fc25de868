import { z } from 'zod';

/** Where promotions are told as events of OpenLineage (docs/openlineage.md). */
export const openlineageSettings = {
  OPENLINEAGE_URL: z
    .url({ protocol: /^https?$/, error: 'must be the address of a service that takes events of OpenLineage' })
    .optional()
    .describe(
      'A service that is told of promotions by events of OpenLineage, at `/api/v1/lineage` below this address; none when not set.',
    ),
  OPENLINEAGE_API_KEY: z.string().min(1).optional().describe('Its token, sent as `Authorization: Bearer`.'),
  OPENLINEAGE_NAMESPACE: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe('The namespace of our jobs and models in these events; `PUBLIC_URL` when not set.'),
};
