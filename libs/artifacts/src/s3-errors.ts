import { S3ServiceException } from '@aws-sdk/client-s3';
import { ArtifactStoreUnavailable, UploadRefused } from './artifacts.errors.js';

/** What the bucket says of parts that do not make a file: the client's mistake. */
const wrongParts = new Set(['InvalidPart', 'InvalidPartOrder', 'EntityTooSmall', 'EntityTooLarge', 'MalformedXML']);
const absent = new Set(['NoSuchKey', 'NoSuchUpload', 'NotFound']);

/** Undefined when there is no such object or upload. */
export const orAbsent = <T>(answer: Promise<T>): Promise<T | undefined> =>
  answer.catch((error: unknown) => {
    if (error instanceof S3ServiceException && absent.has(error.name)) return undefined;
    throw error;
  });

/**
 * What a call to the bucket answers.
 * @throws UploadRefused for parts that make no file, ArtifactStoreUnavailable for everything else
 */
export async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof S3ServiceException && wrongParts.has(error.name))
      throw new UploadRefused(error.message, error);
    throw new ArtifactStoreUnavailable(error);
  }
}
