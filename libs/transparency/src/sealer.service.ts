import type { AuditEvent } from '@app/audit';
import { Config, Transaction } from '@app/platform';
import { SigningKeys } from '@app/signing';
import { Injectable } from '@nestjs/common';
import { leafEntry } from './leaf.js';
import { LogRepository } from './log.repository.js';
import { LogTree } from './log-tree.js';
import { leafHash } from './merkle.js';
import { checkpointText, signedNote } from './signed-note.js';

/** Events that are sealed under one checkpoint at most. */
const batchSize = 2000;

/** Gives committed events their sequence numbers, and signs what the log then is. */
@Injectable()
export class Sealer {
  constructor(
    private readonly config: Config,
    private readonly keys: SigningKeys,
    private readonly log: LogRepository,
    private readonly transaction: Transaction,
  ) {}

  /**
   * Seals what waits, in one transaction: the leaves, the tiles that they complete, and a checkpoint over them all.
   * @returns how many events, none when another process is at it; and whether there may be more
   * @throws DomainError UNAVAILABLE when the signing key was changed by another process
   */
  seal(): Promise<{ sealed: number; more: boolean }> {
    return this.transaction.run(async () => {
      if (!(await this.log.takeTurn())) return { sealed: 0, more: false };
      const waiting = await this.log.takeUnsealed(batchSize);
      if (waiting.length === 0) return { sealed: 0, more: false };
      const events = await this.withoutSealed(waiting);
      if (events.length > 0) await this.append(events);
      return { sealed: events.length, more: waiting.length === batchSize };
    });
  }

  /** How many committed events have no number yet. */
  waiting(): Promise<number> {
    return this.log.unsealed();
  }

  /** An event is in the log once, whatever the list of what waits says. */
  private async withoutSealed(waiting: readonly AuditEvent[]): Promise<AuditEvent[]> {
    const sealed = await this.log.sequencesOf(waiting.map(({ id }) => id));
    return waiting.filter(({ id }) => !sealed.has(id));
  }

  private async append(events: readonly AuditEvent[]): Promise<void> {
    const { size, edge } = await this.log.edge();
    const tree = new LogTree(size, edge);
    const leaves = events.map((event, index) => {
      const sequence = size + index + 1;
      return { sequence, eventId: event.id, hash: leafHash(leafEntry({ sequence, event })) };
    });
    for (const { hash } of leaves) tree.append(hash);
    await this.log.addLeaves(leaves);
    await this.log.addTiles(tree.completed);
    await this.sign(tree);
  }

  private async sign(tree: LogTree): Promise<void> {
    const origin = this.config.settings.AUDIT_LOG_ORIGIN;
    const root = tree.root();
    const text = checkpointText({ origin, size: tree.size, root });
    const { kid, publicKey, signature } = await this.keys.sign(Buffer.from(text));
    const note = signedNote(text, origin, Buffer.from(publicKey, 'base64url'), signature);
    await this.log.addCheckpoint(tree.size, root, note, kid);
  }
}
