import { Access } from '@app/access';
import { GateReports, type GateRun } from '@app/gates';
import { VersionRecords } from '@app/registry';
import { Injectable } from '@nestjs/common';
import { NIL } from 'uuid';
import { ForbiddenByRule, GateRunNotFound } from '../promotion.errors.js';
import { VisibleRequests } from '../visible-requests.js';
import { reportObjection } from './gate-run-report.js';

/** Reports of service principals: for validators that have an account here, and need no token of a call. */
@Injectable()
export class GateRunReports {
  constructor(
    private readonly access: Access,
    private readonly reports: GateReports,
    private readonly versions: VersionRecords,
    private readonly visible: VisibleRequests,
  ) {}

  /**
   * Reports on a gate run. For a service principal that holds REPORT_GATE on the model, and has no part in the version or the
   * request (gate-run-report.ts).
   * @param input `{ status, summary, output }` or `{ progress: { percent, comment } }`
   * @throws NotFound when the run is absent, or the caller may not see its request; PermissionDenied, ForbiddenByRule; and as
   *   `GateReports.report`
   */
  async report(gateRunId: string, input: unknown): Promise<GateRun> {
    const absent = () => new GateRunNotFound(gateRunId);
    const run = await this.reports.byId(gateRunId);
    // Of the absent too: what is hidden takes no statement more.
    const { caller, request, model } = await this.visible.byId(run?.requestId ?? NIL, absent);
    await this.access.authorize('REPORT_GATE', model, 'REGISTERED_MODEL', model.fullName);
    const version = await this.versions.byId(request.versionId);
    if (!version) throw absent();
    const objection = reportObjection(request, version, caller);
    if (objection) throw new ForbiddenByRule('REPORT_GATE', objection, model);
    return this.reports.report(gateRunId, input);
  }
}
