import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { type Config, currentContext, InvalidArgument, NotFound } from '@app/platform';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { validate as isUuid } from 'uuid';
import type { ArtifactObjectRepository, ClientUpload, StagedObject } from './artifact-object.repository.js';
import { experimentIdOf } from './artifact-path.js';
import { type ArtifactEntry, ArtifactStore, type OpenArtifact, type WalkedArtifact } from './artifact-store.js';
import { ArtifactTooLarge, UploadRefused } from './artifacts.errors.js';
import type { DirectDownload, DirectTransfers, UploadedPart, UploadInParts } from './direct-transfers.js';
import { S3Bucket } from './s3-bucket.js';
import { readObject } from './s3-download.js';
import { uploadObject } from './s3-upload.js';
import type { StagedArtifact } from './staged-artifact.js';

/** What was taken away together is discarded together. */
interface StagedObjects extends StagedArtifact {
  objects: StagedObject[];
}

const walkedAtOnce = 1000;
const sweptAtOnce = 100;
const deletedAtOnce = 8;

/**
 * Artifacts as objects of a bucket, whose keys mean nothing: which of them is at a path is a row in PostgreSQL, so that
 * placing, replacing and removing are parts of a transaction, of whatever size the files are. An object is written once and
 * never changed (docs/adr/0015).
 */
export class S3ArtifactStore extends ArtifactStore implements OnModuleInit, OnApplicationShutdown {
  override readonly direct: DirectTransfers | undefined;
  private readonly bucket: S3Bucket;
  private readonly limit: number;
  private readonly urlSeconds: number;
  private readonly prefix: string;

  constructor(
    { settings }: Config,
    private readonly objects: ArtifactObjectRepository,
    private readonly logger: Logger,
  ) {
    super();
    this.bucket = new S3Bucket(settings);
    this.limit = settings.ARTIFACT_LIMIT_BYTES;
    this.urlSeconds = settings.ARTIFACT_URL_SECONDS;
    this.prefix = settings.S3_PREFIX ?? '';
    this.direct = settings.ARTIFACT_TRANSFER === 'PRESIGNED' ? this.directTransfers() : undefined;
  }

  async onModuleInit(): Promise<void> {
    await this.bucket.check(`${this.prefix}test-${randomUUID()}`);
    // Not a reason to refuse to start: the worker does it again.
    await this.sweep().catch((error) => this.logger.warn({ err: error }, 'the bucket was not tidied up'));
  }

  onApplicationShutdown(): void {
    this.bucket.close();
  }

  override async stage(source: Readable, path: string): Promise<StagedArtifact> {
    const staged = await this.begin(path);
    try {
      const { size, sha256 } = await uploadObject(this.bucket, staged.key, source, {
        limit: this.limit,
        onBegin: (uploadId) => this.objects.began(staged.id, uploadId),
        onProgress: () => this.objects.touch(staged.id),
      });
      await this.objects.completed(staged.id, size, sha256);
      return staged;
    } catch (error) {
      await this.discard(staged);
      throw error;
    }
  }

  override async place({ id }: StagedArtifact, path: string): Promise<StagedArtifact | undefined> {
    await this.objects.lock(path);
    const inTheWay = await this.objects.inTheWay(path);
    if (inTheWay) throw new InvalidArgument(conflictOf(path, inTheWay), ['path']);
    const replaced = await this.objects.takeAway(path);
    if (!(await this.objects.place(id, path))) {
      throw new UploadRefused('it has expired before it was complete');
    }
    return replaced.length > 0 ? asOne(replaced) : undefined;
  }

  override async takeAway(path: string): Promise<StagedArtifact | undefined> {
    await this.objects.lock(path);
    const taken = await this.objects.takeAway(path);
    return taken.length > 0 ? asOne(taken) : undefined;
  }

  /** The caller's work is done, or failed for its own reason: what cannot be removed now is left to the sweep. */
  override async discard(staged: StagedArtifact): Promise<void> {
    try {
      const { objects } = staged as Partial<StagedObjects>;
      await this.remove(objects ?? (await this.objects.condemn(staged.id)));
    } catch (error) {
      this.logger.warn({ err: error }, 'objects of removed artifacts are left in the bucket until the next sweep');
    }
  }

  override async sweep(): Promise<void> {
    const expired = await this.objects.condemnExpired(sweptAtOnce);
    await this.remove(expired);
    if (expired.length === sweptAtOnce) await this.sweep();
  }

  override async open(path: string): Promise<OpenArtifact | undefined> {
    const object = await this.objects.byPath(path);
    return (
      object && {
        size: object.size,
        read: (range) => readObject(this.bucket, object.key, range ?? { start: 0, end: object.size - 1 }),
        close: async () => undefined,
      }
    );
  }

  override list(folder: string): Promise<ArtifactEntry[]> {
    return this.objects.list(folder);
  }

  override async *walk(folder: string): AsyncIterable<WalkedArtifact> {
    let after = '';
    for (;;) {
      const page = await this.objects.page(folder, after, walkedAtOnce);
      for (const { path, size, sha256 } of page) {
        yield { path: path.slice(folder.length + 1), size, ...(sha256 && { sha256 }) };
      }
      if (page.length < walkedAtOnce) return;
      after = page.at(-1)?.path as string;
    }
  }

  private directTransfers(): DirectTransfers {
    return {
      begin: (path, parts) => this.beginInParts(path, parts),
      finish: (id, path, parts) => this.finish(id, path, parts),
      abort: async (id, path) => {
        await this.requireUpload(id, path);
        await this.remove(await this.objects.condemn(id));
      },
      downloadUrl: (path, download) => this.downloadUrl(path, download),
    };
  }

  private async beginInParts(path: string, parts: number): Promise<UploadInParts> {
    const createdBy = currentContext()?.caller?.id;
    const { id, key } = await this.begin(path, {
      target: path,
      seconds: this.urlSeconds,
      ...(createdBy && { createdBy }),
    });
    const uploadId = await this.bucket.begin(key);
    await this.objects.began(id, uploadId);
    const urls: string[] = [];
    for (let number = 1; number <= parts; number++) urls.push(await this.bucket.partUrl(key, uploadId, number));
    return { id, urls };
  }

  private async finish(id: string, path: string, parts: UploadedPart[]): Promise<StagedArtifact | undefined> {
    const upload = await this.requireUpload(id, path);
    if (upload.path !== null) return undefined;
    await this.objects.touch(id);
    if (upload.uploadId) await this.bucket.complete(upload.key, upload.uploadId, parts);
    const size = await this.bucket.sizeOf(upload.key);
    if (size === undefined) throw new UploadRefused('they are not in the bucket');
    if (size > this.limit) {
      await this.discard({ id });
      throw new ArtifactTooLarge(this.limit);
    }
    await this.objects.completed(id, size);
    return { id };
  }

  private async downloadUrl(path: string, { seconds = this.urlSeconds, ...headers }: DirectDownload) {
    const object = await this.objects.byPath(path);
    return object && { url: await this.bucket.downloadUrl(object.key, { seconds, ...headers }), size: object.size };
  }

  private async requireUpload(id: string, path: string): Promise<ClientUpload> {
    const upload = isUuid(id) ? await this.objects.clientUpload(id, path) : undefined;
    if (!upload) throw new NotFound('Upload', id, ['upload_id']);
    return upload;
  }

  private async begin(path: string, upload: { target?: string; createdBy?: string; seconds?: number } = {}) {
    const id = randomUUID();
    const key = `${this.prefix}${experimentIdOf(path)}/${id}`;
    await this.objects.insert({ id, key, ...upload });
    return { id, key };
  }

  /** The rows last: they are how it is known that there is something to be removed. */
  private async remove(staged: readonly StagedObject[]): Promise<void> {
    for (let at = 0; at < staged.length; at += deletedAtOnce) {
      await Promise.all(
        staged.slice(at, at + deletedAtOnce).map(async ({ id, key, uploadId }) => {
          if (uploadId) await this.bucket.abort(key, uploadId);
          await this.bucket.delete(key);
          await this.objects.forget(id);
        }),
      );
    }
  }
}

const asOne = (objects: StagedObject[]): StagedObjects => ({ id: (objects[0] as StagedObject).id, objects });

const conflictOf = (path: string, inTheWay: string): string =>
  inTheWay.startsWith(`${path}/`)
    ? `path: "${path}" is a folder, a file cannot take its place`
    : `path: "${path}" cannot be written: one of the folders in it is a file`;
