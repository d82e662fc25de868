import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Config, DomainError, InvalidArgument } from '@app/platform';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type ArtifactEntry, ArtifactStore, type OpenArtifact, type WalkedArtifact } from './artifact-store.js';
import { UploadAborted } from './artifacts.errors.js';
import type { StagedArtifact } from './staged-artifact.js';

/** Uploads on their way and what is being removed. Beside the artifacts, because a rename is atomic in one file system only. */
const stagingFolder = '.staging';
/** What nothing was added to for so long was left by a process that was killed: idle uploads are ended much earlier. */
const staleAfterMs = 3 * 3600 * 1000;

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException)?.code ?? '';
const isAbsent = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(error));

/** Undefined when there is nothing at the path. */
const orAbsent = <T>(found: Promise<T>): Promise<T | undefined> =>
  found.catch((error: unknown) => {
    if (isAbsent(error)) return undefined;
    throw error;
  });

/**
 * Artifacts as files below DATA_DIR/artifacts. A symbolic link is nothing to this store: it is not listed, not read,
 * not written through, so that no path leads out of the root.
 */
@Injectable()
export class LocalArtifactStore extends ArtifactStore implements OnModuleInit {
  private root: string;

  constructor(private readonly config: Config) {
    super();
  }

  async onModuleInit(): Promise<void> {
    await fs.mkdir(path.join(this.config.artifactRoot, stagingFolder), { recursive: true });
    // The folders above the root may be links: that is the operator's choice.
    this.root = await fs.realpath(this.config.artifactRoot);
    await this.sweep();
  }

  override async stage(source: Readable): Promise<StagedArtifact> {
    const id = randomUUID();
    try {
      // flush: the bytes are on the disk before anybody is told that they are stored. A large buffer: what comes in
      // while a write is on its way goes out in one more.
      const options = { flags: 'wx', flush: true, highWaterMark: 2 ** 20 };
      await pipeline(source, createWriteStream(this.staged(id), options));
    } catch (error) {
      await this.discard({ id });
      if (error instanceof DomainError) throw error;
      // An error of the disk has a system call; what is left are errors of the source.
      throw (error as NodeJS.ErrnoException).syscall === 'write' ? error : new UploadAborted(error);
    }
    return { id };
  }

  override async place({ id }: StagedArtifact, to: string): Promise<undefined> {
    const target = path.join(this.root, to);
    const folder = path.dirname(target);
    await this.makeFolder(folder, to);
    try {
      await fs.rename(this.staged(id), target);
    } catch (error) {
      if (['EISDIR', 'ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) {
        throw new InvalidArgument(`path: "${to}" is a folder, a file cannot take its place`, ['path']);
      }
      throw error;
    }
    await syncFolder(folder);
  }

  override async takeAway(target: string): Promise<StagedArtifact | undefined> {
    const real = await this.existing(target);
    const id = randomUUID();
    return real ? orAbsent(fs.rename(real, this.staged(id)).then(() => ({ id }))) : undefined;
  }

  override async discard({ id }: StagedArtifact): Promise<void> {
    await fs.rm(this.staged(id), { recursive: true, force: true });
  }

  override async open(file: string): Promise<OpenArtifact | undefined> {
    const real = await this.existing(file);
    const handle = real && (await orAbsent(fs.open(real, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW)));
    if (!handle) return undefined;
    const stat = await handle.stat();
    if (!stat.isFile()) {
      await handle.close();
      return undefined;
    }
    return {
      size: stat.size,
      read: (range) => handle.createReadStream({ ...range, highWaterMark: 256 * 1024 }),
      close: () => handle.close(),
    };
  }

  override async list(folder: string): Promise<ArtifactEntry[]> {
    const real = await this.existing(folder);
    const entries = real && (await orAbsent(fs.readdir(real, { withFileTypes: true })));
    if (!entries) return [];
    const seen = entries.filter((entry) => entry.isFile() || entry.isDirectory());
    const listed = await Promise.all(
      seen.map(async (entry) => {
        const isFolder = entry.isDirectory();
        const stat = isFolder ? undefined : await orAbsent(fs.lstat(path.join(real, entry.name)));
        return { name: entry.name, isFolder, size: stat?.size ?? 0 };
      }),
    );
    return listed.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  override async *walk(folder: string): AsyncIterable<WalkedArtifact> {
    for (const entry of await this.list(folder)) {
      if (!entry.isFolder) yield { path: entry.name, size: entry.size };
      else
        for await (const file of this.walk(`${folder}/${entry.name}`))
          yield { ...file, path: `${entry.name}/${file.path}` };
    }
  }

  private staged(id: string): string {
    return path.join(this.root, stagingFolder, id);
  }

  /** The absolute path, undefined when nothing is there or a symbolic link is on the way. */
  private async existing(relative: string): Promise<string | undefined> {
    const expected = path.join(this.root, relative);
    const real = await orAbsent(fs.realpath(expected));
    return real === expected ? real : undefined;
  }

  /** Makes a folder and those above it, after a look that no link stands in the part that exists. */
  private async makeFolder(folder: string, to: string): Promise<void> {
    const blocked = () =>
      new InvalidArgument(`path: "${to}" cannot be written: one of the folders in it is a file`, ['path']);
    if (!(await this.isPlain(folder))) throw blocked();
    await fs.mkdir(folder, { recursive: true }).catch((error: unknown) => {
      throw ['EEXIST', 'ENOTDIR'].includes(codeOf(error)) ? blocked() : error;
    });
  }

  /** True when the part of an absolute path that exists has no symbolic link in it. */
  private async isPlain(absolute: string): Promise<boolean> {
    const real = await orAbsent(fs.realpath(absolute));
    return real === undefined ? this.isPlain(path.dirname(absolute)) : real === absolute;
  }

  override async sweep(): Promise<void> {
    const staging = path.join(this.root, stagingFolder);
    for (const name of await fs.readdir(staging)) {
      const stat = await orAbsent(fs.stat(path.join(staging, name)));
      if (stat && Date.now() - stat.mtimeMs > staleAfterMs) {
        await fs.rm(path.join(staging, name), { recursive: true, force: true });
      }
    }
  }
}

/** A rename is on the disk when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await fs.open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
