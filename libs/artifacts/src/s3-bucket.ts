import type { Readable } from 'node:stream';
import type { Settings } from '@app/platform';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { DirectDownload, UploadedPart } from './direct-transfers.js';
import { s3ClientConfig } from './s3-client-config.js';
import { orAbsent, told } from './s3-errors.js';

/** The bucket, by the keys in it. What goes wrong is told as s3-errors.ts says. */
export class S3Bucket {
  private readonly client: S3Client;
  /** Signs for clients, who may know the server by another name. It calls nobody. */
  private readonly signer: S3Client;
  private readonly name: string;

  constructor(private readonly settings: Settings) {
    this.name = settings.S3_BUCKET as string;
    this.client = new S3Client(s3ClientConfig(settings, settings.S3_ENDPOINT));
    this.signer = new S3Client(s3ClientConfig(settings, settings.S3_PUBLIC_ENDPOINT ?? settings.S3_ENDPOINT));
  }

  close(): void {
    this.client.destroy();
    this.signer.destroy();
  }

  /**
   * Writes, reads and removes an object: the rights that the service needs, and no others.
   * @throws Error that says what an operator has to change
   */
  async check(key: string): Promise<void> {
    const object = this.at(key);
    try {
      await this.client.send(new PutObjectCommand({ ...object, Body: 'a test of what this service may do' }));
      await this.client.send(new HeadObjectCommand(object));
      await this.client.send(new DeleteObjectCommand(object));
    } catch (error) {
      const { name, message } = error as Error;
      const where = this.settings.S3_ENDPOINT ?? `Amazon S3 in ${this.settings.S3_REGION}`;
      throw new Error(
        `the bucket "${this.name}" (S3_BUCKET) at ${where} cannot be used: ${name}: ${message}. It must be there, and the credentials that the AWS SDK finds must let this service write, read and delete "${key}"`,
        { cause: error },
      );
    }
  }

  put(key: string, bytes: Buffer): Promise<unknown> {
    return told(this.client.send(new PutObjectCommand({ ...this.at(key), Body: bytes })));
  }

  /** The bytes of an object, or of a part of it. */
  async get(key: string, range: { start: number; end: number }): Promise<Readable> {
    const Range = `bytes=${range.start}-${range.end}`;
    const { Body } = await told(this.client.send(new GetObjectCommand({ ...this.at(key), Range })));
    return Body as Readable;
  }

  /** @returns undefined when there is no such object */
  async sizeOf(key: string): Promise<number | undefined> {
    const head = await told(orAbsent(this.client.send(new HeadObjectCommand(this.at(key)))));
    return head && (head.ContentLength ?? 0);
  }

  /** What is not there is deleted already. */
  delete(key: string): Promise<unknown> {
    return told(this.client.send(new DeleteObjectCommand(this.at(key))));
  }

  /** @returns the id of the upload */
  async begin(key: string): Promise<string> {
    return (await told(this.client.send(new CreateMultipartUploadCommand(this.at(key))))).UploadId as string;
  }

  async putPart(key: string, uploadId: string, number: number, bytes: Buffer): Promise<UploadedPart> {
    const part = { ...this.at(key), UploadId: uploadId, PartNumber: number };
    const { ETag } = await told(this.client.send(new UploadPartCommand({ ...part, Body: bytes })));
    return { number, etag: ETag as string };
  }

  /** What is not there is complete already, or aborted: the size of the object tells. */
  async complete(key: string, uploadId: string, parts: UploadedPart[]): Promise<void> {
    const Parts = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag }));
    const upload = { ...this.at(key), UploadId: uploadId, MultipartUpload: { Parts } };
    await told(orAbsent(this.client.send(new CompleteMultipartUploadCommand(upload))));
  }

  /** What is not there is aborted already, or complete. */
  async abort(key: string, uploadId: string): Promise<void> {
    await told(orAbsent(this.client.send(new AbortMultipartUploadCommand({ ...this.at(key), UploadId: uploadId }))));
  }

  partUrl(key: string, uploadId: string, number: number): Promise<string> {
    const part = new UploadPartCommand({ ...this.at(key), UploadId: uploadId, PartNumber: number });
    return told(getSignedUrl(this.signer, part, { expiresIn: this.settings.ARTIFACT_URL_SECONDS }));
  }

  downloadUrl(key: string, { contentType, contentDisposition, seconds }: Required<DirectDownload>): Promise<string> {
    const headers = { ResponseContentType: contentType, ResponseContentDisposition: contentDisposition };
    const object = new GetObjectCommand({ ...this.at(key), ...headers });
    return told(getSignedUrl(this.signer, object, { expiresIn: seconds }));
  }

  private at(key: string) {
    return { Bucket: this.name, Key: key };
  }
}
