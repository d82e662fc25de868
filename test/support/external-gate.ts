import { GateReports, type GateRun, GateRuns } from '@app/gates';
import type { PromotionRequest } from '@app/promotion';
import sql from 'sql-template-tag';
import { createPromotionTest, type PromotionTest, worker } from './promotion.js';
import { TestValidator } from './validator.js';

const gate = { key: 'fairness', type: 'EXTERNAL', config: { validator: 'fairness' }, attempts: 2, timeoutSeconds: 300 };

/** One gate run after the other, each of an EXTERNAL gate with a validator that listens, and what becomes of it. */
export class ExternalGateTest {
  request: PromotionRequest;
  /** Of the gate run of the request. */
  id: string;

  private constructor(
    readonly t: PromotionTest,
    readonly validator: TestValidator,
  ) {}

  static async create(): Promise<ExternalGateTest> {
    const t = await createPromotionTest({ OUTBOUND_ALLOW: '127.0.0.1' });
    const validator = await TestValidator.start();
    await validator.register(t, await t.make.admin(), 'fairness');
    await t.policy(t.catalog, { gates: [gate] });
    return new ExternalGateTest(t, validator);
  }

  /** Opens a request; the validator will report later, unless the test says otherwise. */
  async open(): Promise<void> {
    this.validator.answer = () => ({ status: 202 });
    this.request = await this.t.request(await this.t.trained(await this.t.model()));
    this.id = (await this.current()).id;
  }

  get gates(): GateRuns {
    return this.t.module.get(GateRuns);
  }

  get reports(): GateReports {
    return this.t.module.get(GateReports);
  }

  async current(): Promise<GateRun> {
    return (await this.gates.ofRequests([this.request.id]))[0] as GateRun;
  }

  /** Runs the gate, as the worker would. */
  run() {
    return this.t.as(worker, () => this.gates.run(this.id));
  }

  /** How often the validator was asked about this run. */
  get calls(): number {
    return this.validator.asked.filter((event) => event.id === this.id).length;
  }

  /** The token of the last call. */
  get token(): string {
    return this.validator.last().data.report.token;
  }

  async report(body: unknown, token = this.token): Promise<GateRun> {
    return this.reports.reportAsValidator(await this.reports.authenticate(this.id, token), body);
  }

  endOverdue(): Promise<number> {
    return this.t.as(worker, () => this.reports.endOverdue());
  }

  timeIsOver(): Promise<number> {
    return this.t.db.execute(
      sql`UPDATE validator_calls SET report_until = now() - interval '1 minute' WHERE gate_run_id = ${this.id}::uuid`,
    );
  }

  /** Puts the run where a worker or a pause would leave it. @param lease how long it holds from now on */
  change({ status, lease, attempt }: { status: string; lease?: string; attempt?: number }): Promise<number> {
    return this.t.db.execute(sql`UPDATE gate_runs SET status = ${status}, lease_until = now() + ${lease ?? null}::interval,
      attempt = COALESCE(${attempt ?? null}::int4, attempt), retry_at = NULL WHERE id = ${this.id}::uuid`);
  }

  /** How often its end was told to the request, and to the audit trail. */
  async judgements(): Promise<{ messages: number; events: number }> {
    const messages = sql`SELECT 1 FROM outbox WHERE event = 'gate_run.finished' AND payload ->> 'gateRunId' = ${this.id}`;
    const events = sql`SELECT 1 FROM audit_events WHERE action = 'gate_run.finished' AND object_id = ${this.id}`;
    return {
      messages: (await this.t.db.query(messages)).length,
      events: (await this.t.db.query(events)).length,
    };
  }

  async log(): Promise<string[]> {
    const lines = await this.t.db.query<{ text: string }>(
      sql`SELECT text FROM gate_logs WHERE gate_run_id = ${this.id}::uuid ORDER BY line`,
    );
    return lines.map(({ text }) => text);
  }

  async close(): Promise<void> {
    await this.t.close();
    await this.validator.close();
  }
}
