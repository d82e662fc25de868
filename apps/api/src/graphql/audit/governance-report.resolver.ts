import { GovernanceReports } from '@app/dossier';
import { Args, Query, Resolver } from '@nestjs/graphql';
import { Requires } from '../../http/requires.js';
import { GovernanceReportArgs, GovernanceReportType, toGovernanceReport } from './governance-report.types.js';

@Resolver()
export class GovernanceReportResolver {
  constructor(private readonly reports: GovernanceReports) {}

  @Requires('READ_AUDIT')
  @Query(() => GovernanceReportType, {
    nullable: true,
    description:
      'How far the moves of a period were governed, and what went another way. Needs READ_AUDIT on what `within` names, on the metastore without it',
  })
  async governanceReport(@Args() asked: GovernanceReportArgs): Promise<GovernanceReportType> {
    return toGovernanceReport(await this.reports.report(asked));
  }
}
