import { Config, LOGGER } from '@app/platform';
import { Anchoring } from '@app/transparency';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Loop } from './loop.js';
import { asWorker } from './worker-context.js';

/** How often it is looked which anchors are due. */
const longestPollMs = 5000;

/** Takes checkpoints to the anchors, in a loop of its own: sealing waits for none of them. */
@Injectable()
export class AuditAnchoring {
  private readonly loop = new Loop(() => this.step());
  private started = false;

  constructor(
    private readonly anchoring: Anchoring,
    private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Does nothing where there is no anchor. */
  start(): void {
    if (this.anchoring.anchors.length > 0) this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  private async step(): Promise<number> {
    try {
      await asWorker('anchoring', () => this.anchor());
    } catch (error) {
      this.logger.error({ err: error }, 'the anchors of the audit log could not be looked after');
    }
    return Math.min(longestPollMs, this.config.settings.AUDIT_ANCHOR_SECONDS * 1000);
  }

  private async anchor(): Promise<void> {
    if (!this.started) await this.anchoring.start();
    this.started = true;
    await this.anchoring.anchorDue();
  }
}
