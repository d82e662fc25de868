import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { TransactionalPool } from '../database/pool.js';

/** The Prometheus metrics of a process: Node's own and the pool's; the applications add theirs to `registry`. */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  constructor(pool: TransactionalPool) {
    collectDefaultMetrics({ register: this.registry });
    new Gauge({
      name: 'database_pool_connections',
      help: 'Connections of the pool to PostgreSQL, by state, and callers that wait for one.',
      labelNames: ['state'],
      registers: [this.registry],
      collect() {
        this.set({ state: 'busy' }, pool.totalCount - pool.idleCount);
        this.set({ state: 'idle' }, pool.idleCount);
        this.set({ state: 'waiting' }, pool.waitingCount);
      },
    });
  }
}
