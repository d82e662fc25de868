import { GateRunReports } from '@app/promotion';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { Requires } from '../../http/requires.js';
import { keyOf } from '../schema/node.js';
import { toGateRun } from './convert.js';
import { GateRunPayload, GateRunReportInput, reportIn } from './gate-report.types.js';

/** Reports of validators that have an account here. Others report with the token of their call (gates/gate-reports.controller.ts). */
@Resolver()
export class GateReportResolver {
  constructor(private readonly reports: GateRunReports) {}

  @Requires('REPORT_GATE')
  @Mutation(() => GateRunPayload, {
    description:
      'The judgement of an EXTERNAL gate, or how far it is; the same judgement again changes nothing. For a service principal with REPORT_GATE on the model that has no part in the request or the version',
  })
  async gateRunReport(@Args('input') input: GateRunReportInput): Promise<GateRunPayload> {
    const id = keyOf('GateRun', input.gateRunId, 'gateRunId');
    return { gateRun: toGateRun(await this.reports.report(id, reportIn(input))) };
  }
}
