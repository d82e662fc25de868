import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { OpenArtifact } from '@app/artifacts';
import { FailedPrecondition } from '@app/platform';

const prefix = 'imprimatur-scoring-';
const graceMs = 60_000;

/** `work` is the working directory, `home` is written to where there is no `/tmp` for it, `temporary` becomes that `/tmp`. */
export const scoringFolders = ['work', 'home', 'temporary'] as const;

/** A folder of one evaluation, for the files that its processes read. */
export class ScoringFolder {
  private constructor(readonly path: string) {}

  /**
   * @param endsAt when the evaluation is over in any case: from then on the folder is anybody's to remove, which is how
   * the folders of workers that were killed go
   */
  static async create(endsAt: Date): Promise<ScoringFolder> {
    await removeStale();
    const name = `${prefix}${endsAt.getTime()}-${process.pid}-`;
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), name));
    for (const name of scoringFolders) await fs.mkdir(path.join(folder, name));
    return new ScoringFolder(folder);
  }

  /** The working directory of the processes. */
  get work(): string {
    return path.join(this.path, 'work');
  }

  /** Where processes may write that have no `/tmp` of their own. */
  get home(): string {
    return path.join(this.path, 'home');
  }

  /**
   * Copies a file of the artifact store.
   * @param expected what it must be, byte for byte, in hexadecimal
   * @throws FailedPrecondition OTHER_BYTES when it is something else, and is not there then
   */
  async copy(
    file: OpenArtifact,
    to: string,
    expected: string,
    { what, signal }: { what: string; signal: AbortSignal },
  ) {
    const target = path.join(this.work, to);
    await fs.mkdir(path.dirname(target), { recursive: true });
    const hash = createHash('sha256');
    const hashed = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    };
    await pipeline(file.read(), hashed, createWriteStream(target, { flags: 'wx' }), { signal });
    const digest = hash.digest('hex');
    if (digest === expected) return;
    await this.remove(to);
    throw new FailedPrecondition('OTHER_BYTES', `${what} has the digest sha256:${digest}, and not sha256:${expected}`);
  }

  async write(name: string, text: string): Promise<void> {
    await fs.writeFile(path.join(this.work, name), text);
  }

  async remove(name: string): Promise<void> {
    await fs.rm(path.join(this.work, name), { force: true });
  }

  async close(): Promise<void> {
    await fs.rm(this.path, { recursive: true, force: true });
  }
}

/** Removes what workers have left that were killed. */
async function removeStale(): Promise<void> {
  for (const name of await fs.readdir(os.tmpdir())) {
    const endsAt = name.startsWith(prefix) && Number(name.slice(prefix.length).split('-')[0]);
    if (!endsAt || endsAt + graceMs > Date.now()) continue;
    // Another worker may be at it at the same time, or the folder be that of another user.
    await fs.rm(path.join(os.tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
}
