import { Readable } from 'node:stream';
import { AuditExports } from '@app/transparency';
import { Controller, Get, Header, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Requires } from '../http/requires.js';
import { exportQuery } from './audit-export.query.js';

const contentTypes = { ndjson: 'application/x-ndjson; charset=utf-8', csv: 'text/csv; charset=utf-8' };

/** The audit log as a file, to be verified without the service (docs/audit.md). */
@Controller()
export class AuditExportController {
  constructor(private readonly exports: AuditExports) {}

  /** A stream: what ends without its manifest was cut off. */
  @Requires('READ_AUDIT')
  @Header('cache-control', 'no-store')
  @Get('api/audit/v1/export')
  async export(@Query() parameters: unknown, @Res() reply: FastifyReply): Promise<void> {
    const { format, within, filter } = exportQuery(parameters);
    const lines = await this.exports.start(within, filter, format);
    reply.headers({
      'content-type': contentTypes[format],
      'content-disposition': `attachment; filename="audit.${format}"`,
      'x-content-type-options': 'nosniff',
    });
    await reply.send(Readable.from(lines, { objectMode: false, highWaterMark: 1 << 16 }));
  }
}
