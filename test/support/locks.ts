import type { Securable } from '@app/access';
import { TransactionalPool } from '@app/platform';
import sql from 'sql-template-tag';
import type { TestModule } from './module.js';
import { eventually } from './processes.js';

/**
 * Lets something happen between the first look of a use case and its lock: `work` begins while the model is locked, and
 * goes on when it waits for the lock and `meanwhile` is over.
 */
export async function behindTheLock<T>(
  { module, db }: TestModule,
  model: Securable,
  work: () => Promise<T>,
  meanwhile: () => Promise<unknown>,
): Promise<PromiseSettledResult<T>> {
  const holder = await module.get(TransactionalPool).checkout();
  try {
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM securables WHERE id = $1 FOR UPDATE', [model.id]);
    const settled = Promise.allSettled([work()]);
    await eventually(() =>
      db.first(sql`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`),
    );
    await meanwhile();
    await holder.query('COMMIT');
    const [outcome] = await settled;
    return outcome;
  } finally {
    // Closed, and not given back: after a failure the transaction is still open.
    holder.release(true);
  }
}
