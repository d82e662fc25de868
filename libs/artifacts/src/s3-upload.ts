import { createHash, type Hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { DomainError } from '@app/platform';
import { ArtifactTooLarge, UploadAborted } from './artifacts.errors.js';
import type { UploadedPart } from './direct-transfers.js';
import type { S3Bucket } from './s3-bucket.js';

/** S3 takes 10,000 parts of at least 5 MiB. */
const mostParts = 10_000;
const smallestPart = 8 * 2 ** 20;

interface Options {
  /** The most bytes that come: they say how large the parts have to be. */
  limit: number;
  /** Told of an upload in parts before its first one is sent. */
  onBegin(uploadId: string): Promise<void>;
  /** Told whenever a part has arrived. */
  onProgress(): Promise<void>;
}

/**
 * Sends a stream to the bucket. What fits into one part goes in one call; of anything larger two parts are in memory: one
 * on its way out, one being filled. What was sent of an upload that fails is for the caller to remove.
 * @throws UploadAborted when the source breaks off
 */
export async function uploadObject(bucket: S3Bucket, key: string, source: Readable, options: Options) {
  const hash = createHash('sha256');
  const done: UploadedPart[] = [];
  let uploadId: string | undefined;
  let size = 0;
  let sending: Promise<unknown> = Promise.resolve();

  const partSize = Math.max(smallestPart, Math.ceil(options.limit / mostParts));
  try {
    for await (const { bytes, isLast } of partsOf(source, partSize, hash)) {
      await sending;
      size += bytes.length;
      if (size > options.limit) throw new ArtifactTooLarge(options.limit);
      if (isLast && !uploadId) {
        await bucket.put(key, bytes);
        break;
      }
      if (!uploadId) {
        uploadId = await bucket.begin(key);
        await options.onBegin(uploadId);
      }
      sending = bucket.putPart(key, uploadId, done.length + 1, bytes).then((part) => {
        done.push(part);
        return options.onProgress();
      });
      // It is awaited before the next part; until then its failure must not end the process.
      sending.catch(() => undefined);
    }
    await sending;
  } finally {
    // A part that arrives after its upload was aborted may stay in the bucket.
    await sending.catch(() => undefined);
  }
  if (uploadId) await bucket.complete(key, uploadId, done);
  return { size, sha256: hash.digest('hex') };
}

/** The source in pieces of one size, of which the last may be smaller, or empty when it is the only one. */
async function* partsOf(
  source: Readable,
  partSize: number,
  hash: Hash,
): AsyncGenerator<{ bytes: Buffer; isLast: boolean }> {
  let chunks: Buffer[] = [];
  let length = 0;
  let isFirst = true;
  for await (const chunk of unbroken(source)) {
    hash.update(chunk);
    chunks.push(chunk);
    length += chunk.length;
    while (length > partSize) {
      const all = Buffer.concat(chunks);
      yield { bytes: all.subarray(0, partSize), isLast: false };
      isFirst = false;
      chunks = [all.subarray(partSize)];
      length -= partSize;
    }
  }
  if (length > 0 || isFirst) yield { bytes: Buffer.concat(chunks), isLast: true };
}

async function* unbroken(source: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of source) yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
  } catch (error) {
    throw error instanceof DomainError ? error : new UploadAborted(error);
  }
}
