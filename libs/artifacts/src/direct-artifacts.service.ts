import { Config, InvalidArgument, NotFound } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { artifactPath } from './artifact-path.js';
import { ArtifactPlacement } from './artifact-placement.js';
import { ArtifactRights } from './artifact-rights.js';
import { ArtifactSeals } from './artifact-seals.js';
import { ArtifactStore } from './artifact-store.js';
import { TransferNotOffered } from './artifacts.errors.js';
import type { DirectDownload, DirectTransfers, UploadedPart, UploadInParts } from './direct-transfers.js';

/**
 * Transfers that do not come through this service: it says who may, and signs. Who may is the same as of Artifacts, and is
 * asked again when an upload ends. Where the store cannot, or may not, everything is TransferNotOffered.
 */
@Injectable()
export class DirectArtifacts {
  constructor(
    private readonly config: Config,
    private readonly placement: ArtifactPlacement,
    private readonly rights: ArtifactRights,
    private readonly seals: ArtifactSeals,
    private readonly store: ArtifactStore,
  ) {}

  get isOffered(): boolean {
    return this.store.direct !== undefined;
  }

  /** @throws Sealed, so that nobody sends a large file for nothing */
  async beginUpload(path: string, parts: number): Promise<UploadInParts> {
    await this.rights.edit(artifactPath(path));
    const direct = this.uploads();
    await this.seals.demandUnsealed(path);
    return direct.begin(path, parts);
  }

  /** @throws Sealed, UploadRefused, NotFound when no upload to this path has this id */
  async finishUpload(id: string, path: string, parts: UploadedPart[]): Promise<void> {
    await this.rights.edit(artifactPath(path));
    const staged = await this.uploads().finish(id, path, parts);
    if (staged) await this.placement.place(staged, path);
  }

  /** @throws NotFound when no upload to this path has this id */
  async abortUpload(id: string, path: string): Promise<void> {
    await this.rights.edit(artifactPath(path));
    await this.uploads().abort(id, path);
  }

  /**
   * @throws NotFound when there is no file at the path
   * @throws InvalidArgument when the URL is to be valid for longer than the configuration lets any be
   */
  async downloadUrl(path: string, download: DirectDownload): Promise<{ url: string; size: number }> {
    await this.rights.read(artifactPath(path));
    if (!this.store.direct) {
      throw new TransferNotOffered(
        'PRESIGNED_DOWNLOAD',
        'Presigned download is not supported for the current artifact repository: GET the file from /mlflow-artifacts/artifacts',
      );
    }
    const most = this.config.settings.ARTIFACT_URL_SECONDS;
    const { seconds = most } = download;
    if (seconds < 1 || seconds > most) {
      throw new InvalidArgument(`expiration: ${seconds} is not between 1 and ${most} seconds`, ['expiration']);
    }
    const found = await this.store.direct.downloadUrl(path, download);
    if (!found) throw new NotFound('Artifact', path);
    return found;
  }

  private uploads(): DirectTransfers {
    if (this.store.direct) return this.store.direct;
    // The beginning of the message is what tells MLflow's client to upload the file as a whole.
    throw new TransferNotOffered(
      'MULTIPART_UPLOAD',
      'Multipart upload is not supported for the current artifact repository: send the file with one PUT',
    );
  }
}
