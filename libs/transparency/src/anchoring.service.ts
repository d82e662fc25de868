import { Config, LOGGER } from '@app/platform';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { type Anchor, anchorOf } from './anchor.js';
import { AnchorRepository, type AnchorState } from './anchor.repository.js';
import { AnchorWriter } from './anchor-writer.js';
import { type Checkpoint, LogRepository } from './log.repository.js';
import { LogContinuity } from './log-continuity.js';
import type { TreeHead } from './signed-note.js';

/** For how long an anchor is somebody's who may have died. Two who write at once do no harm. */
const claimSeconds = 120;
/** How often it is looked whether there is anything new, and the first pause after a failure. */
const pauseSeconds = 5;

class Inconsistent extends Error {}

/** Takes signed checkpoints out of the reach of whoever runs the database (docs/audit.md). */
@Injectable()
export class Anchoring {
  /** Those of this installation. */
  readonly anchors: readonly Anchor[];
  /** What this process has written last: nobody can change that in the database. */
  private readonly written = new Map<string, TreeHead>();

  constructor(
    private readonly config: Config,
    private readonly continuity: LogContinuity,
    private readonly log: LogRepository,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly repository: AnchorRepository,
    private readonly writer: AnchorWriter,
  ) {
    this.anchors = config.settings.AUDIT_ANCHORS.map(anchorOf);
  }

  /** Makes the anchors known to the database: before the first `anchorDue`. */
  start(): Promise<void> {
    return this.repository.add(this.anchors.map(({ id }) => id));
  }

  /**
   * Writes the newest checkpoint to every anchor that is due and does not have it; of several processes that try, one does. A
   * checkpoint of a log that does not go on from what was written before is not written. What goes wrong is logged, kept and
   * tried again: it is no error here.
   */
  async anchorDue(): Promise<void> {
    const due = await this.repository.claim(
      this.anchors.map(({ id }) => id),
      claimSeconds,
    );
    await Promise.all(due.map((state) => this.anchor(state)));
  }

  /** How far each anchor has come, for the metrics. */
  async states(): Promise<{ anchor: Anchor; state: AnchorState | undefined }[]> {
    const states = await this.repository.states(this.anchors.map(({ id }) => id));
    return this.anchors.map((anchor) => ({ anchor, state: states.find(({ id }) => id === anchor.id) }));
  }

  private async anchor(state: Pick<AnchorState, 'id' | 'treeSize' | 'rootHash' | 'failures'>): Promise<void> {
    const anchor = this.anchors.find(({ id }) => id === state.id) as Anchor;
    const { AUDIT_ANCHOR_SECONDS: interval } = this.config.settings;
    try {
      const newest = await this.log.checkpoint();
      if (!newest) return await this.repository.rest(anchor.id, Math.min(pauseSeconds, interval));
      for (const known of await this.knownTo(anchor, state)) await this.requireContinuity(known, newest);
      if (newest.treeSize === state.treeSize) {
        return await this.repository.rest(anchor.id, Math.min(pauseSeconds, interval));
      }
      await this.writer.write(anchor, newest);
      this.written.set(anchor.id, this.headOf(newest.treeSize, newest.rootHash));
      await this.repository.anchored(anchor.id, newest, interval);
    } catch (error) {
      const pause = Math.min(interval, pauseSeconds * 2 ** Math.min(state.failures, 20));
      await this.failed(anchor, error as Error, pause);
    }
  }

  /** What was written before, as everybody says who can: the database, this process, and the anchor itself. */
  private async knownTo(
    anchor: Anchor,
    { treeSize, rootHash }: Pick<AnchorState, 'treeSize' | 'rootHash'>,
  ): Promise<TreeHead[]> {
    const kept = treeSize !== null && rootHash ? this.headOf(treeSize, rootHash) : undefined;
    const heads = [kept, this.written.get(anchor.id), await this.writer.last(anchor)];
    return heads.filter((head) => head !== undefined);
  }

  private headOf(size: number, root: Buffer): TreeHead {
    return { origin: this.config.settings.AUDIT_LOG_ORIGIN, size, root };
  }

  private async requireContinuity(known: TreeHead, newest: Checkpoint): Promise<void> {
    const problem = await this.continuity.problem(known, newest);
    if (problem !== undefined)
      throw new Inconsistent(`the audit log does not go on from what was anchored: ${problem}`);
  }

  private async failed({ id, place }: Anchor, error: Error, pause: number): Promise<void> {
    const isInconsistent = error instanceof Inconsistent;
    this.logger.error(
      { anchor: place, err: error },
      isInconsistent ? 'the audit log was changed: nothing is anchored' : 'a checkpoint could not be anchored',
    );
    await this.repository.failed(id, error.message, isInconsistent, pause);
  }
}
