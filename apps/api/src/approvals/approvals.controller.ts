import { Config, InvalidArgument } from '@app/platform';
import { parseTarget } from '@app/policy';
import { fullModelName } from '@app/registry';
import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { approvalPaths } from '../http/surface.js';
import { newRequestPage, pagePolicy, requestPage } from './approval-page.js';

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': pagePolicy,
  'cache-control': 'no-store',
};
const wholeNumber = z
  .string()
  .regex(/^[1-9]\d{0,9}$/)
  .transform(Number)
  .pipe(z.number().max(2 ** 31 - 1));
const text = z.string().min(1).max(1000);
const asked = z.object({
  model: text,
  version: wholeNumber.optional(),
  alias: text.optional(),
  stage: text.optional(),
});

/**
 * Where errors send people who moved a protected target: without a login, since a page says no more than its address
 * does. A console takes the addresses over.
 */
@Controller()
export class ApprovalsController {
  constructor(private readonly config: Config) {}

  @Get(approvalPaths.create)
  create(@Query() query: unknown, @Res({ passthrough: true }) reply: FastifyReply): string {
    const { data, error } = asked.safeParse(query);
    if (error) throw invalid(String(error.issues[0]?.path[0] ?? 'query'));
    const { version, alias, stage } = data;
    if ((alias === undefined) === (stage === undefined)) throw invalid('alias');
    const target = parseTarget(
      stage === undefined ? { kind: 'ALIAS', name: alias ?? '' } : { kind: 'STAGE', name: stage },
    );
    const model = fullModelName(data.model, this.config.settings.DEFAULT_SCHEMA, 'model');
    reply.headers(headers);
    return newRequestPage(this.config.publicUrl, { model, version, target });
  }

  @Get(approvalPaths.one)
  one(@Param('number') number: string, @Res({ passthrough: true }) reply: FastifyReply): string {
    const { data, error } = wholeNumber.safeParse(number);
    if (error)
      throw new InvalidArgument('number: must be the number of a promotion request, a whole number from 1', ['number']);
    reply.headers(headers);
    return requestPage(this.config.publicUrl, data);
  }
}

const invalid = (field: string) =>
  new InvalidArgument(
    `${field}: the address must name the model (catalog.schema.model), either an alias or a stage, and may name a version: /approvals/new?model=prod.fraud.scorer&version=7&alias=champion`,
    [field],
  );
