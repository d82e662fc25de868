import fs from 'node:fs/promises';
import path from 'node:path';
import { type ReadNote, readNote } from './signed-note.js';

/** A checkpoint has some hundred bytes: the last one is in here. */
const tailBytes = 16 * 1024;

/** Origin, size, root, an empty line, and signatures: a checkpoint wherever it stands in a text. */
const checkpoints = /^[^\n]+\n\d+\n[A-Za-z0-9+/]{43}=\n\n(?:— \S+ \S+\n)+/gm;

/**
 * A file that only grows: one checkpoint after the other, each with an empty line before it. One file and not one for each
 * checkpoint, since a file system can be told once that a file is only ever added to (chattr +a), also for its owner.
 */
export class FileAnchor {
  private readonly file: string;

  /** @param location `file:/folder/file` */
  constructor(location: string) {
    this.file = location.slice('file:'.length);
  }

  /** What was written last; undefined when there is nothing, or nothing whole. */
  async last(): Promise<ReadNote | undefined> {
    const tail = (await this.tail()).match(checkpoints);
    return tail ? readNote(tail.at(-1) as string) : undefined;
  }

  /** Adds a checkpoint, and comes back when the disk has it. What a crash has cut off stays, and is no checkpoint. */
  async write(note: string): Promise<void> {
    await fs.mkdir(path.dirname(this.file), { recursive: true });
    const handle = await fs.open(this.file, 'a', 0o640);
    try {
      await handle.appendFile(`\n${note}`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  private async tail(): Promise<string> {
    const handle = await fs.open(this.file, 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (!handle) return '';
    try {
      const { size } = await handle.stat();
      const bytes = Buffer.alloc(Math.min(size, tailBytes));
      await handle.read(bytes, 0, bytes.length, size - bytes.length);
      return bytes.toString('utf8');
    } finally {
      await handle.close();
    }
  }
}
