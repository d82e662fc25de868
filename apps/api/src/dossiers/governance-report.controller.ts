import { GovernanceReports, governanceReportCsv } from '@app/dossier';
import { InvalidArgument } from '@app/platform';
import { Controller, Get, Header, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Requires } from '../http/requires.js';

const instant = z.iso
  .datetime({ offset: true, error: 'must be an RFC 3339 instant such as 2026-11-20T14:00:00Z' })
  .transform((text) => new Date(text));
const query = z.object({
  from: instant,
  to: instant,
  within: z.string().min(1).optional(),
  format: z.enum(['json', 'csv']).default('json'),
});

/** The report on a period as a file (docs/dossier.md). */
@Controller()
export class GovernanceReportController {
  constructor(private readonly reports: GovernanceReports) {}

  @Requires('READ_AUDIT')
  @Header('cache-control', 'no-store')
  @Get('api/governance/v1/report')
  async report(@Query() parameters: unknown, @Res() reply: FastifyReply): Promise<void> {
    const { format, ...asked } = parsed(parameters);
    const report = await this.reports.report(asked);
    reply.headers({
      'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8',
      'content-disposition': `attachment; filename="governance-report.${format}"`,
    });
    await reply.send(format === 'csv' ? governanceReportCsv(report) : JSON.stringify(report));
  }
}

function parsed(parameters: unknown): z.output<typeof query> {
  const { data, error } = query.safeParse(parameters);
  if (data) return data;
  const [issue] = error.issues;
  const name = String(issue?.path[0]);
  const given = JSON.stringify((parameters as Record<string, unknown>)[name]) ?? 'is missing';
  throw new InvalidArgument(`${name}: ${given}: ${issue?.message}`, [name]);
}
