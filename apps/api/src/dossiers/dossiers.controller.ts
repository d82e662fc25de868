import { createHash } from 'node:crypto';
import { Dossiers } from '@app/dossier';
import { InvalidArgument } from '@app/platform';
import { showingRequests } from '@app/promotion';
import { Controller, Get, Headers, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Requires } from '../http/requires.js';
import { dossierPage } from './dossier-page.js';
import { pagePolicy } from './page-style.js';
import { prefersHtml } from './prefers-html.js';

const dossierPath = 'api/promotions/v1/requests/:number/dossier';

/** The dossier of a promotion, as JSON and as a page that prints well (docs/dossier.md). */
@Controller()
export class DossiersController {
  constructor(private readonly dossiers: Dossiers) {}

  /** JSON, or a page for who accepts one rather. */
  @Requires(...showingRequests)
  @Get(dossierPath)
  async preferred(
    @Param('number') number: string,
    @Headers('accept') accept: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    reply.header('vary', 'accept');
    await (prefersHtml(accept ?? '') ? this.page(number, reply) : this.json(number, reply));
  }

  @Requires(...showingRequests)
  @Get(`${dossierPath}.json`)
  async json(@Param('number') number: string, @Res() reply: FastifyReply): Promise<void> {
    const { json } = await this.dossiers.ofRequest(requestNumber(number));
    await send(reply, json, `dossier-${number}.json`, { 'content-type': 'application/json; charset=utf-8' });
  }

  @Requires(...showingRequests)
  @Get(`${dossierPath}.html`)
  async page(@Param('number') number: string, @Res() reply: FastifyReply): Promise<void> {
    const page = dossierPage(await this.dossiers.ofRequest(requestNumber(number)));
    const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': pagePolicy };
    await send(reply, page, `dossier-${number}.html`, headers);
  }
}

/** With the digest of what is sent (RFC 9530). */
async function send(reply: FastifyReply, body: string, file: string, headers: Record<string, string>): Promise<void> {
  reply.headers({
    ...headers,
    'cache-control': 'no-store',
    'content-disposition': `inline; filename="${file}"`,
    'content-digest': `sha-256=:${createHash('sha256').update(body).digest('base64')}:`,
  });
  await reply.send(body);
}

function requestNumber(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new InvalidArgument(`number: "${text}" is not the number of a promotion request`, ['number']);
}
