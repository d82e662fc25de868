import { createHash } from 'node:crypto';
import { s3ClientConfig } from '@app/artifacts';
import type { Settings } from '@app/platform';
import { GetObjectCommand, PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { Checkpoint } from './log.repository.js';

const dayMs = 86_400_000;

/** What the bucket answers when the object is there already. */
const isThere = (error: unknown): boolean =>
  error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412;

/** One object for each checkpoint, which nobody can change or delete until its retention lock ends, the bucket's owner included. */
export class S3Anchor {
  private readonly client: S3Client;
  private readonly bucket: string;
  private readonly prefix: string;

  /** @param location `s3://bucket/prefix/`; region, server and style of URLs are those of the settings S3_… */
  constructor(
    location: string,
    private readonly settings: Settings,
  ) {
    const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/(.*)$/.exec(location) ?? [];
    [this.bucket, this.prefix] = [bucket, prefix];
    this.client = new S3Client(s3ClientConfig(settings, settings.S3_ENDPOINT));
  }

  close(): void {
    this.client.destroy();
  }

  /** @throws Error also when another checkpoint over as many events is there */
  async write({ treeSize, note }: Checkpoint): Promise<void> {
    const object = { Bucket: this.bucket, Key: `${this.prefix}${String(treeSize).padStart(16, '0')}.checkpoint` };
    const retainUntil = new Date(Date.now() + this.settings.AUDIT_ANCHOR_RETENTION_DAYS * dayMs);
    const put = new PutObjectCommand({
      ...object,
      Body: note,
      ContentType: 'text/plain; charset=utf-8',
      // A lock asks for a checksum of the body.
      ChecksumSHA256: createHash('sha256').update(note).digest('base64'),
      IfNoneMatch: '*',
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: retainUntil,
    });
    try {
      await this.client.send(put);
    } catch (error) {
      if (!isThere(error)) throw error;
      // A try before this one may have arrived, and its answer not.
      const { Body } = await this.client.send(new GetObjectCommand(object));
      if ((await Body?.transformToString()) !== note) {
        throw new Error(`${object.Key} in the bucket holds another checkpoint over ${treeSize} events`, {
          cause: error,
        });
      }
    }
  }
}
