import { LOGGER } from '@app/platform';
import { Sealer } from '@app/transparency';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { asWorker } from './worker-context.js';

/** The longest that a committed event waits, when nobody is behind: half a second, of the two that are promised. */
const pollMs = 500;
const pauseAfterErrorMs = 1000;

/** Seals the audit trail as it grows. Every worker tries; the one whose turn it is does it. */
@Injectable()
export class AuditSealing {
  private stopped = false;
  private running: Promise<void> = Promise.resolve();
  private wakeUp: () => void = () => undefined;

  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly sealer: Sealer,
  ) {}

  start(): void {
    this.running = this.loop();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wakeUp();
    await this.running;
  }

  private async loop(): Promise<void> {
    while (!this.stopped) {
      const pause = await asWorker('sealer', () => this.sealer.seal()).then(
        ({ more }) => (more ? 0 : pollMs),
        (error) => {
          this.logger.error({ err: error }, 'the audit trail could not be sealed');
          return pauseAfterErrorMs;
        },
      );
      if (pause > 0 && !this.stopped) await this.rest(pause);
    }
  }

  private rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
