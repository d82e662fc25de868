import { setTimeout } from 'node:timers/promises';
import { type createPostgresBackend, PostgresConnection, PostgresQueueBackend } from 'bullmq';

const retryAfterMs = 1000;

/**
 * BullMQ's connection to PostgreSQL, which begins again when its beginning fails. BullMQ remembers that failure for ever, and its
 * workers ask again at once each time: a worker that starts while PostgreSQL is not ready would never work, and do nothing else.
 */
class PatientConnection extends PostgresConnection {
  private ready: Promise<void> | undefined;

  constructor(private readonly options: ConstructorParameters<typeof PostgresConnection>[0]) {
    super(options);
  }

  override waitUntilReady(): Promise<void> {
    this.ready ??= this.begin();
    return this.ready;
  }

  /** Until it succeeds: the tables of the queue are there, in the version that BullMQ needs. */
  private async begin(): Promise<void> {
    while (!this.isClosing && !(await this.succeeds())) await setTimeout(retryAfterMs);
    this.emit('ready');
  }

  private async succeeds(): Promise<boolean> {
    const attempt = new PostgresConnection(this.options);
    attempt.on('error', () => undefined);
    try {
      await attempt.waitUntilReady();
      return true;
    } catch (error) {
      if (this.listenerCount('error') > 0) this.emit('error', error);
      return false;
    } finally {
      await attempt.close();
    }
  }
}

/** For `setDefaultBackendFactory`: BullMQ's PostgreSQL backend, on a connection that is patient. */
export const createPatientBackend: typeof createPostgresBackend = (name, opts, factoryOpts = {}) => {
  const connection = new PatientConnection(opts.connection);
  // The name by which BullMQ finds the workers of a queue.
  const listener = factoryOpts.withBlockingConnection ? name : undefined;
  return new PostgresQueueBackend(connection, name, opts, true, listener);
};
