import { z } from 'zod';

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).refine((text) => {
  const { username, password, search } = new URL(text);
  return !username && !password && !search;
}, 'must have no user, password or query in it: credentials come from where the AWS SDK looks for them');

/** Where the bytes of artifacts are, and how they come there. */
export const artifactSettings = {
  ARTIFACT_STORE: z
    .enum(['LOCAL', 'S3'])
    .default('LOCAL')
    .describe(
      'Where artifacts are kept: `LOCAL`, below `DATA_DIR/artifacts`, or `S3`, a bucket of S3 or of what speaks it.',
    ),
  ARTIFACT_TRANSFER: z
    .enum(['PROXIED', 'PRESIGNED'])
    .default('PROXIED')
    .describe(
      '`PRESIGNED` lets clients that ask for it send and get large files at the bucket itself, with URLs that this service signs.',
    ),
  ARTIFACT_URL_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .max(604_800)
    .default(3600)
    .describe('How long such a URL is valid; an upload in parts must be done within it.'),
  ARTIFACT_LIMIT_BYTES: z.coerce
    .number()
    .int()
    .min(1024)
    .default(100 * 2 ** 30)
    .describe('The largest artifact file that can be uploaded.'),
  S3_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket')
    .optional()
    .describe('The bucket, which must be there already.'),
  S3_PREFIX: z
    .string()
    .regex(/^([\w-][\w.-]*\/)+$/, 'must be names that end with "/" each, for example imprimatur/')
    .max(256)
    .optional()
    .describe('What every key in the bucket begins with, for example `imprimatur/`.'),
  S3_REGION: z
    .string()
    .min(1)
    .default('us-east-1')
    .describe('The region of the bucket. Servers that know no regions take any.'),
  S3_ENDPOINT: httpUrl.optional().describe('The address of a server that speaks S3; Amazon’s when not set.'),
  S3_PUBLIC_ENDPOINT: httpUrl
    .optional()
    .describe(
      'The same server as clients reach it, for the URLs that are signed for them; `S3_ENDPOINT` when not set.',
    ),
  S3_FORCE_PATH_STYLE: z
    .enum(['true', 'false'])
    .default('false')
    .describe(
      '`true` puts the bucket into the path of URLs instead of the host, as most servers but Amazon’s need it.',
    ),
  S3_TIMEOUT_SECONDS: z.coerce
    .number()
    .min(0.1)
    .max(600)
    .default(30)
    .describe('How long the bucket may be silent before a call to it is given up and made again, three times in all.'),
};

interface ArtifactChoice {
  ARTIFACT_STORE: string;
  ARTIFACT_TRANSFER: string;
  S3_BUCKET?: string | undefined;
}

/** What is wrong with values of which each is right on its own. */
export function artifactConflict(given: ArtifactChoice): { name: keyof ArtifactChoice; message: string } | undefined {
  if (given.ARTIFACT_STORE === 'S3' && given.S3_BUCKET === undefined) {
    return { name: 'S3_BUCKET', message: 'must name the bucket when ARTIFACT_STORE is S3' };
  }
  if (given.ARTIFACT_STORE === 'LOCAL' && given.S3_BUCKET !== undefined) {
    return { name: 'S3_BUCKET', message: 'has no meaning unless ARTIFACT_STORE is S3' };
  }
  if (given.ARTIFACT_STORE === 'LOCAL' && given.ARTIFACT_TRANSFER === 'PRESIGNED') {
    return {
      name: 'ARTIFACT_TRANSFER',
      message: 'must be PROXIED when ARTIFACT_STORE is LOCAL: there is nobody else to send files',
    };
  }
  return undefined;
}
