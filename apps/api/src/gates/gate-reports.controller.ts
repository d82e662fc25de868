import { GateReports, type GateRun, type ValidatorCall } from '@app/gates';
import { Controller, HttpCode, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { gateReportPath } from '../http/surface.js';

/** What a validator learns of the gate run that it reports. */
interface Reported {
  gateRun: Pick<GateRun, 'id' | 'key' | 'status' | 'summary' | 'finishedAt'>;
}

/** Where validators report (docs/gates.md). */
@Controller()
export class GateReportsController {
  constructor(private readonly reports: GateReports) {}

  /** A judgement, or a line of progress. The same judgement again is answered as the first one was. */
  @HttpCode(200)
  @Post(gateReportPath)
  async report(@Req() { validatorCall, body }: FastifyRequest): Promise<Reported> {
    const run = await this.reports.reportAsValidator(validatorCall as ValidatorCall, body);
    const { id, key, status, summary, finishedAt } = run;
    return { gateRun: { id, key, status, summary, finishedAt } };
  }
}
