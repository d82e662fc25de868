import { type PublicSigningKey, SigningKeys } from '@app/signing';
import { Injectable } from '@nestjs/common';
import { CheckpointCheck, signatureProblem } from './checkpoint-check.js';
import { leafEntry } from './leaf.js';
import { type Checkpoint, LogRepository, type SealedLeaf } from './log.repository.js';
import { LogTree } from './log-tree.js';
import { leafHash } from './merkle.js';
import { MetastoreRights } from './metastore-rights.js';
import { DeletionCover, type DeletionFound } from './recorded-deletion.js';
import { RecordedDeletions } from './recorded-deletions.service.js';
import { CheckpointNotFound, OutsideLog } from './transparency.errors.js';

/** Events of one call at most. */
const mostVerified = 100_000;
const chunkSize = 2000;

export interface BadEvent {
  sequence: number;
  problem: string;
}

/** What came of looking at a part of the log. */
export interface Verification {
  from: number;
  to: number;
  /** Events that are as they were sealed, before the first that is not. */
  valid: number;
  /** By which records other events of the part are gone, their leaves excepted. */
  deletions: DeletionFound[];
  /** The first event that is not what was sealed; null: all are. */
  firstBad: BadEvent | null;
  /** The checkpoint that covers the last of them. */
  checkpoint: Checkpoint;
}

/**
 * The service's own look at its log: does the database hold what was signed? Whoever does not trust the service has the
 * export, and a program that knows nothing of this one (docs/audit.md).
 */
@Injectable()
export class LogVerification {
  constructor(
    private readonly deletions: RecordedDeletions,
    private readonly keys: SigningKeys,
    private readonly log: LogRepository,
    private readonly rights: MetastoreRights,
  ) {}

  /**
   * Computes the hash of each event again, and the root of each checkpoint over them. Needs READ_AUDIT on the metastore.
   * @param from the first sequence number
   * @param to the last; the newest, or the 100,000th from `from` on, when it is left out
   * @throws InvalidArgument for numbers that are not in the log, or more than 100,000 at once; NotFound, PermissionDenied
   */
  async verify(from: number, to?: number): Promise<Verification> {
    await this.rights.require('READ_AUDIT');
    const newest = await this.log.checkpoint();
    if (!newest) throw new CheckpointNotFound();
    if (from < 1 || from > newest.treeSize) throw new OutsideLog('from', from, 1, newest.treeSize);
    const most = Math.min(newest.treeSize, from + mostVerified - 1);
    const last = to ?? most;
    if (last < from || last > most) throw new OutsideLog('to', last, from, most);
    // What no signature covers proves nothing: events are read up to the first checkpoint that covers the last one.
    const checkpoint = (await this.log.checkpointOver(last)) ?? newest;
    const keys = await this.keys.history();
    const cover = await this.deletionsIn({ from, last, to: checkpoint.treeSize }, newest, keys);
    const firstBad = await this.firstBad({ from, to: checkpoint.treeSize }, keys, cover);
    const end = Math.min(last, firstBad ? firstBad.sequence - 1 : last);
    const valid = end - from + 1 - cover.countUpTo(end);
    return { from, to: last, valid, deletions: cover.found, firstBad, checkpoint };
  }

  /** None when the newest checkpoint cannot be believed: the records are held against it. */
  private async deletionsIn(
    part: { from: number; last: number; to: number },
    newest: Checkpoint,
    keys: readonly PublicSigningKey[],
  ): Promise<DeletionCover> {
    if (signatureProblem(newest, keys)) return new DeletionCover([], part.last);
    return this.deletions.within(part, newest);
  }

  private async firstBad(
    { from, to }: { from: number; to: number },
    keys: readonly PublicSigningKey[],
    cover: DeletionCover,
  ): Promise<BadEvent | null> {
    const tree = new LogTree(from - 1, await this.log.incompleteTiles(from - 1));
    const signed = new CheckpointCheck(keys, from);
    for (let start = from; start <= to; start += chunkSize) {
      const end = Math.min(start + chunkSize - 1, to);
      const leaves = await this.log.sealed(start, end);
      const checkpoints = await this.log.checkpointsBetween(start, end);
      for (let sequence = start; sequence <= end; sequence++) {
        const leaf = leaves[sequence - start];
        const problem = problemOf(leaf, sequence, cover);
        if (problem) return { sequence, problem };
        tree.append((leaf as SealedLeaf).hash);
        const unsigned = signed.compare(tree, checkpoints.get(sequence));
        if (unsigned) return unsigned;
      }
      const wrongTile = await this.wrongTile(tree);
      if (wrongTile) return wrongTile;
    }
    return null;
  }

  /** Tiles are what proofs are made of: they must be those of the leaves. */
  private async wrongTile(tree: LogTree): Promise<BadEvent | null> {
    const stored = await this.log.tiles(tree.completed);
    for (const { level, index, hashes } of tree.completed.splice(0)) {
      const tile = stored.find((each) => each.level === level && each.index === index);
      if (tile?.hashes.equals(hashes)) continue;
      return {
        sequence: 256 ** (level + 1) * index + 1,
        problem: `the hashes of tile ${level}/${index} are not those of the events`,
      };
    }
    return null;
  }
}

function problemOf(leaf: SealedLeaf | undefined, sequence: number, cover: DeletionCover): string | undefined {
  if (leaf?.sequence !== sequence) return 'the sealed event is not there';
  if (!leaf.event)
    return cover.covers(sequence) ? undefined : 'the event is not there any more, and no record says why';
  const computed = leafHash(leafEntry({ sequence, event: leaf.event }));
  return computed.equals(leaf.hash) ? undefined : 'the event is not what was sealed';
}
