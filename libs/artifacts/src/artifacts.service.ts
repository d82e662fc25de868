import type { Readable } from 'node:stream';
import { AuditLog } from '@app/audit';
import { NotFound, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { artifactPath } from './artifact-path.js';
import { ArtifactPlacement } from './artifact-placement.js';
import { ArtifactRights } from './artifact-rights.js';
import { ArtifactSeals } from './artifact-seals.js';
import { type ArtifactEntry, ArtifactStore } from './artifact-store.js';
import { type ByteRange, type ByteSpan, spanOf } from './byte-range.js';

/** A file, or a part of it, on its way to the caller. Its stream is read to the end or destroyed. */
export interface ArtifactContent {
  /** Of the whole file. */
  size: number;
  /** The part that was asked for. */
  span?: ByteSpan;
  stream: Readable;
}

/**
 * Artifacts as their users see them. A path belongs to the experiment that its first name is the id of: READ there
 * shows it, EDIT changes it. EXECUTE on a model shows the files of its versions.
 *
 * An upload is no event of the audit trail: like metrics it is data of its run, and becomes a matter of governance
 * when a version is registered, which seals it. Removing artifacts is one.
 */
@Injectable()
export class Artifacts {
  constructor(
    private readonly audit: AuditLog,
    private readonly placement: ArtifactPlacement,
    private readonly rights: ArtifactRights,
    private readonly seals: ArtifactSeals,
    private readonly store: ArtifactStore,
    private readonly transaction: Transaction,
  ) {}

  /**
   * The entries of a folder; none when there is no such folder.
   * @throws InvalidArgument, NotFound, PermissionDenied
   */
  async list(path: string): Promise<ArtifactEntry[]> {
    await this.rights.read(artifactPath(path));
    return this.store.list(path);
  }

  /**
   * @throws NotFound when there is no file at the path
   * @throws RangeNotSatisfiable when the range begins behind its end
   */
  async open(path: string, range?: ByteRange): Promise<ArtifactContent> {
    await this.rights.read(artifactPath(path));
    const file = await this.store.open(path);
    if (!file) throw new NotFound('Artifact', path);
    try {
      const span = range && spanOf(range, file.size);
      return { size: file.size, span, stream: file.read(span) };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * Stores a file, over one that may be there. Nobody sees it before all of it has arrived.
   * @throws Sealed when a registered version's files are at the path
   */
  async write(path: string, source: Readable): Promise<void> {
    await this.rights.edit(artifactPath(path));
    await this.placement.place(await this.store.stage(source, path), path);
  }

  /**
   * Removes a file, or a folder with all in it.
   * @throws Sealed when a registered version's files are at the path or below it
   * @throws NotFound when there is nothing at the path
   */
  async delete(path: string): Promise<void> {
    const experiment = await this.rights.edit(artifactPath(path));
    const removed = await this.transaction.run(async () => {
      await this.seals.demandUnsealed(path);
      await this.audit.record({
        action: 'artifact.deleted',
        object: { kind: 'EXPERIMENT', id: experiment.id, name: experiment.fullName, within: experiment },
        before: { path },
      });
      // Last, and under the lock: what is thrown here takes the event back.
      const aside = await this.store.takeAway(path);
      if (!aside) throw new NotFound('Artifact', path);
      return aside;
    });
    await this.store.discard(removed);
  }
}
