import { Access, kindOfFullName, METASTORE_ID, SecurableRepository } from '@app/access';
import { Config } from '@app/platform';
import { type Violation, ViolationReader } from '@app/promotion';
import { EventProofs } from '@app/transparency';
import { Injectable } from '@nestjs/common';
import {
  type GovernanceReport,
  governanceReportFormat,
  type ReportedViolation,
  requirePeriod,
  type SealingState,
} from './governance-report.js';
import { GovernanceReportReader, type Scope } from './governance-report.reader.js';

export interface AskedReport {
  from: Date;
  to: Date;
  /** The full name of a catalog, a schema or a model; left out: everything. */
  within?: string | null;
}

const mostViolations = 100;

/** Reports on a period, for auditors. */
@Injectable()
export class GovernanceReports {
  constructor(
    private readonly access: Access,
    private readonly config: Config,
    private readonly proofs: EventProofs,
    private readonly reader: GovernanceReportReader,
    private readonly securables: SecurableRepository,
    private readonly violations: ViolationReader,
  ) {}

  /**
   * How far the moves of a period were governed. Needs READ_AUDIT on what `within` names, on the metastore without it. A
   * constant number of statements.
   * @throws NotFound, PermissionDenied; InvalidArgument for a period that is none
   */
  async report({ from, to, within }: AskedReport): Promise<GovernanceReport> {
    const place = await this.authorized(within ?? null);
    requirePeriod(from, to);
    const scope: Scope = { ...place, from, to };
    const filter = { from, to, within: place };
    const newest = await this.violations.list(filter, { first: mostViolations });
    return {
      format: governanceReportFormat,
      within: within ?? null,
      from,
      to,
      madeAt: new Date(),
      transitions: await this.reader.transitions(scope),
      requests: await this.reader.requests(scope),
      gates: await this.reader.gates(scope),
      decisions: await this.reader.decisions(scope),
      holders: await this.reader.holders(scope),
      reviews: await this.reader.reviews(scope),
      audit: await this.sealing(scope),
      violations: {
        counts: await this.violations.countsByKind(filter),
        newest: await this.withNumbers(newest.edges.map(({ node }) => node)),
      },
    };
  }

  private async authorized(within: string | null): Promise<Pick<Scope, 'kind' | 'id'>> {
    const kind = within === null ? 'METASTORE' : kindOfFullName(within, 'within');
    const found =
      within === null ? await this.securables.byId(METASTORE_ID) : await this.securables.byFullName(kind, within);
    const { object } = await this.access.authorize('READ_AUDIT', found, kind, within ?? 'metastore');
    return { kind, id: object.id };
  }

  private async sealing(scope: Scope): Promise<SealingState> {
    const events = await this.reader.events(scope);
    const checked = await this.proofs.checkNewest();
    const checkpoint = checked && {
      treeSize: checked.checkpoint.treeSize,
      createdAt: checked.checkpoint.createdAt,
      problem: checked.problem,
    };
    return { ...events, checkpoint };
  }

  private async withNumbers(violations: readonly Violation[]): Promise<ReportedViolation[]> {
    const numbers = await this.reader.numbersOf(violations.flatMap(({ requestId }) => requestId ?? []));
    return violations.map((violation) => {
      const number = violation.requestId ? (numbers.get(violation.requestId) ?? null) : null;
      return {
        ...violation,
        requestNumber: number,
        url: number === null ? null : `${this.config.publicUrl}/approvals/${number}`,
      };
    });
  }
}
