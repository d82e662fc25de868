import { Injectable } from '@nestjs/common';
import { leafEntry, type SealedEvent } from './leaf.js';
import { type Checkpoint, LogRepository } from './log.repository.js';
import { LogHashes, MissingHashes } from './log-hashes.js';
import { inclusionPath, leafHash, rootOverPath } from './merkle.js';
import { DeletionCover } from './recorded-deletion.js';

/** Finds the records of deletions, and believes those that are proven to be in the log. */
@Injectable()
export class RecordedDeletions {
  constructor(
    private readonly hashes: LogHashes,
    private readonly log: LogRepository,
  ) {}

  /**
   * Those that concern a part of the log. In a number of statements that does not grow with them.
   * @param last of the part: what is gone behind it, up to `to`, is covered and not counted
   * @param newest a checkpoint whose signature was checked: a record must be in the log that it was signed of
   */
  async within(
    { from, last, to }: { from: number; last: number; to: number },
    newest: Checkpoint,
  ): Promise<DeletionCover> {
    const records = await this.log.deletionRecords(from, to, newest.treeSize);
    return new DeletionCover(records.length > 0 ? await this.proven(records, newest) : [], last);
  }

  private async proven(records: readonly SealedEvent[], { treeSize, rootHash }: Checkpoint): Promise<SealedEvent[]> {
    const paths = records.map(({ sequence }) => inclusionPath(sequence - 1, treeSize));
    try {
      const hashes = await this.hashes.of(paths.flat(), treeSize);
      return records.filter((record, index) => {
        const path = paths[index] ?? [];
        const leaf = leafHash(leafEntry(record));
        return rootOverPath(record.sequence - 1, leaf, path, hashes.splice(0, path.length)).equals(rootHash);
      });
    } catch (error) {
      if (error instanceof MissingHashes) return [];
      throw error;
    }
  }
}
