import { InvalidArgument } from '@app/platform';
import { PromotionStatements } from '@app/promotion';
import { type DsseEnvelope, SigningKeys } from '@app/signing';
import { Controller, Get, Header, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Requires } from '../http/requires.js';
import { type KeySet, toKeySet } from './key-set.js';

/** What a verifier needs who trusts no answer of this service (docs/attestations.md). */
@Controller()
export class AttestationsController {
  constructor(
    private readonly signingKeys: SigningKeys,
    private readonly statements: PromotionStatements,
  ) {}

  /** The signed statement of an applied promotion request, as a file. */
  @Requires('EXECUTE')
  @Header('cache-control', 'no-store')
  @Get('attestations/:number')
  async statement(
    @Param('number') text: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DsseEnvelope> {
    const number = requestNumber(text);
    const { envelope } = await this.statements.byNumber(number);
    // Here and not by decorators: they mark refusals too.
    reply.headers({
      'content-type': 'application/vnd.dsse.envelope.v1+json',
      'content-disposition': `attachment; filename="promotion-${number}.intoto.json"`,
    });
    return envelope;
  }

  /** Public: whoever verifies a statement may have no account here, and the keys tell nothing but when they were changed. */
  @Header('content-type', 'application/jwk-set+json')
  @Header('cache-control', 'public, max-age=300')
  @Get('.well-known/imprimatur-keys.json')
  async keys(): Promise<KeySet> {
    return toKeySet(await this.signingKeys.history());
  }
}

function requestNumber(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new InvalidArgument(`number: "${text}" is not the number of a promotion request`, ['number']);
}
