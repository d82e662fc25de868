import { type GateLogLine, type GateRun, GateRuns } from '@app/gates';
import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import { decisionColumns } from './review/decision.repository.js';
import { type Decision, isStale } from './review/review.js';
import { VisibleRequests } from './visible-requests.js';

/** A decision as people see it. */
export interface DecisionView extends Decision {
  /** It was made on other evidence than the request has now. */
  stale: boolean;
}

/** What hangs on a request: decisions, gate runs and their logs. Each list holds only what the caller may see. */
@Injectable()
export class RequestDetails {
  constructor(
    private readonly db: Database,
    private readonly gates: GateRuns,
    private readonly visible: VisibleRequests,
  ) {}

  /** Every decision on a request, those that no longer stand included, in the order in which they were made. */
  async decisions(number: number, args: PageArgs): Promise<Page<DecisionView>> {
    const { request } = await this.visible.byNumber(number);
    return keysetPage<Decision, DecisionView>(this.db, {
      select: decisionColumns,
      from: sql`decisions d`,
      where: sql`d.request_id = ${request.id}::uuid`,
      orderName: 'decided',
      order: [
        { expression: sql`d.decided_at`, type: 'timestamptz', direction: 'ASC' },
        { expression: sql`d.id`, type: 'uuid', direction: 'ASC' },
      ],
      args,
      toNode: (decision) => ({ ...decision, stale: isStale(request, decision) }),
    });
  }

  async countDecisions(number: number): Promise<number> {
    const { request } = await this.visible.byNumber(number);
    const row = await this.db.first<{ count: number }>(
      sql`SELECT count(*) AS count FROM decisions WHERE request_id = ${request.id}::uuid`,
    );
    return row?.count ?? 0;
  }

  /** The gate runs of the latest round of each request that the caller may see. */
  async gateRunsOf(requestIds: readonly string[]): Promise<GateRun[]> {
    const visible = await this.visible.where('s');
    const rows = await this.db.query<{ id: string }>(sql`
      SELECT r.id FROM promotion_requests r JOIN securables s ON s.id = r.model_id
      WHERE r.id = ANY(${requestIds}::uuid[]) AND ${visible}`);
    return this.gates.ofRequests(rows.map(({ id }) => id));
  }

  /** The log of a gate run; empty when the caller may not see its request. */
  async gateLog(gateRunId: string, args: PageArgs): Promise<Page<GateLogLine>> {
    const visible = await this.visible.where('s');
    return keysetPage<GateLogLine, GateLogLine>(this.db, {
      select: sql`l.line, l.at, l.stream, l.text`,
      from: sql`gate_logs l JOIN gate_runs g ON g.id = l.gate_run_id JOIN promotion_requests r ON r.id = g.request_id
        JOIN securables s ON s.id = r.model_id`,
      where: sql`l.gate_run_id = ${gateRunId}::uuid AND ${visible}`,
      orderName: 'line',
      order: [{ expression: sql`l.line`, type: 'int8', direction: 'ASC' }],
      args,
      toNode: (line) => line,
    });
  }
}
