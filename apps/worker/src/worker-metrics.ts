import { Metrics, queueNames } from '@app/platform';
import { Anchoring, type AnchorState, Sealer } from '@app/transparency';
import { Injectable } from '@nestjs/common';
import { Gauge, Histogram } from 'prom-client';
import { OutboxRepository } from './outbox.repository.js';
import { Queues } from './queues.js';

/** What Prometheus is told of queues, outbox and gates. Gauges are measured when it asks. */
@Injectable()
export class WorkerMetrics {
  private readonly gateDurations: Histogram<'type' | 'status'>;

  constructor(
    private readonly anchoring: Anchoring,
    private readonly metrics: Metrics,
    private readonly outbox: OutboxRepository,
    private readonly queues: Queues,
    private readonly sealer: Sealer,
  ) {
    this.gateDurations = new Histogram({
      name: 'imprimatur_gate_run_duration_seconds',
      help: 'Time from the claim of a gate run to its judgement.',
      labelNames: ['type', 'status'],
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1800],
      registers: [metrics.registry],
    });
    this.gauge('imprimatur_queue_jobs', 'Jobs in a queue, by state.', ['queue', 'state'], (gauge) =>
      this.measureQueues(gauge),
    );
    this.gauge('imprimatur_outbox_unhandled_messages', 'Messages that nobody has handled yet.', [], async (gauge) =>
      gauge.set((await this.outbox.lag()).unhandled),
    );
    this.gauge(
      'imprimatur_outbox_stuck_messages',
      'Messages of these that were shipped more than five times, and that no handler has managed.',
      [],
      async (gauge) => gauge.set((await this.outbox.lag()).stuck),
    );
    this.gauge(
      'imprimatur_audit_unsealed_events',
      'Committed audit events that are not sealed yet.',
      [],
      async (gauge) => gauge.set(await this.sealer.waiting()),
    );
    this.measureAnchors();
    this.gauge(
      'imprimatur_outbox_lag_seconds',
      'Age of the oldest message that waits to be shipped.',
      [],
      async (gauge) => gauge.set((await this.outbox.lag()).oldestSeconds),
    );
  }

  /** Measures a gate run that reached its judgement. */
  async timeGate(run: () => Promise<{ type: string; status: string } | undefined>): Promise<void> {
    const end = this.gateDurations.startTimer();
    const judged = await run();
    if (judged) end(judged);
  }

  private measureAnchors(): void {
    const add = (name: string, help: string, of: (state: AnchorState) => number) =>
      this.gauge(name, help, ['kind', 'place'], async (gauge) => {
        for (const { anchor, state } of await this.anchoring.states()) {
          gauge.set({ kind: anchor.kind, place: anchor.place }, state ? of(state) : 0);
        }
      });
    add(
      'imprimatur_audit_anchor_age_seconds',
      'Since when there is a checkpoint that the anchor does not have; 0 when it has the newest.',
      ({ ageSeconds }) => ageSeconds,
    );
    add(
      'imprimatur_audit_anchor_failures',
      'Tries to write to the anchor that failed since the last that did not.',
      ({ failures }) => failures,
    );
    add(
      'imprimatur_audit_anchor_inconsistent',
      '1 when the audit log does not go on from what was anchored: somebody has changed history.',
      ({ inconsistent }) => Number(inconsistent),
    );
  }

  private gauge<Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    measure: (gauge: Gauge<Label>) => Promise<void>,
  ): void {
    new Gauge<Label>({
      name,
      help,
      labelNames,
      registers: [this.metrics.registry],
      collect() {
        return measure(this);
      },
    });
  }

  private async measureQueues(gauge: Gauge<'queue' | 'state'>): Promise<void> {
    for (const queue of queueNames) {
      for (const [state, count] of Object.entries(await this.queues.counts(queue))) gauge.set({ queue, state }, count);
    }
  }
}
