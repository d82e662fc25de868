import type { AskedAuditFilter } from '@app/audit';
import { InvalidArgument } from '@app/platform';
import { type ExportFormat, exportFormats } from '@app/transparency';
import { z } from 'zod';

const instant = z.iso
  .datetime({ offset: true, error: 'must be an RFC 3339 instant such as 2026-11-20T14:00:00Z' })
  .transform((text) => new Date(text))
  .optional();
const text = z.string().min(1).optional();

/** All that GraphQL's filter has; a test holds them to one another. */
export const filterParameters = z.object({
  actor: text,
  actorName: text,
  onBehalfOf: text,
  action: text,
  objectName: text,
  outcome: z.enum(['ALLOWED', 'REFUSED']).optional(),
  reason: text,
  from: instant,
  to: instant,
  requestId: text,
});

const query = filterParameters.extend({
  format: z.enum(exportFormats).default('ndjson'),
  /** The full name of a catalog, a schema or a model. */
  within: text,
});

export interface ExportQuery {
  format: ExportFormat;
  within: string | undefined;
  filter: AskedAuditFilter;
}

/** @throws InvalidArgument naming the first parameter that is wrong, and what would be right */
export function exportQuery(parameters: unknown): ExportQuery {
  const parsed = query.safeParse(parameters);
  if (parsed.success) {
    const { format, within, ...filter } = parsed.data;
    return { format, within, filter };
  }
  const [issue] = parsed.error.issues;
  const name = String(issue?.path[0]);
  const given = JSON.stringify((parameters as Record<string, unknown>)[name]);
  throw new InvalidArgument(`${name}: ${given}: ${issue?.message}`, [name]);
}
