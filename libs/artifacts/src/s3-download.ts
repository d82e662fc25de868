import { Readable } from 'node:stream';
import { ArtifactStoreUnavailable } from './artifacts.errors.js';
import type { S3Bucket } from './s3-bucket.js';

/** Times that a download goes on where it broke off. */
const mostResumptions = 3;

/** The bytes of a part of an object. Where the bucket breaks off, it is asked for the rest: an object never changes. */
export const readObject = (bucket: S3Bucket, key: string, range: { start: number; end: number }): Readable =>
  Readable.from(bytesOf(bucket, key, range), { objectMode: false });

async function* bytesOf(
  bucket: S3Bucket,
  key: string,
  { start, end }: { start: number; end: number },
): AsyncGenerator<Buffer> {
  let at = start;
  for (let resumed = 0; at <= end; resumed++) {
    const body = await bucket.get(key, { start: at, end });
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        at += chunk.length;
        yield chunk;
      }
    } catch (error) {
      if (resumed >= mostResumptions) throw new ArtifactStoreUnavailable(error);
      continue;
    }
    if (at <= end && resumed >= mostResumptions) throw new ArtifactStoreUnavailable(`ends at byte ${at} of ${end + 1}`);
  }
}
