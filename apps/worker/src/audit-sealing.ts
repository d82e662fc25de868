import { LOGGER } from '@app/platform';
import { Sealer } from '@app/transparency';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Loop } from './loop.js';
import { asWorker } from './worker-context.js';

/** The longest that a committed event waits, when nobody is behind: half a second, of the two that are promised. */
const pollMs = 500;
const pauseAfterErrorMs = 1000;

/** Seals the audit trail as it grows. Every worker tries; the one whose turn it is does it. */
@Injectable()
export class AuditSealing {
  private readonly loop = new Loop(() => this.seal());

  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly sealer: Sealer,
  ) {}

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  private seal(): Promise<number> {
    return asWorker('sealer', () => this.sealer.seal()).then(
      ({ more }) => (more ? 0 : pollMs),
      (error) => {
        this.logger.error({ err: error }, 'the audit trail could not be sealed');
        return pauseAfterErrorMs;
      },
    );
  }
}
