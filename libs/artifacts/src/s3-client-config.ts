import type { Settings } from '@app/platform';
import type { S3ClientConfig } from '@aws-sdk/client-s3';

/** Calls to a bucket at the same time; each download that is on its way is one. */
const mostCalls = 256;

/** How every client of S3 in the service is made: the same region, patience and number of tries. */
export function s3ClientConfig(settings: Settings, endpoint: string | undefined): S3ClientConfig {
  const silence = settings.S3_TIMEOUT_SECONDS * 1000;
  return {
    region: settings.S3_REGION,
    ...(endpoint && { endpoint }),
    forcePathStyle: settings.S3_FORCE_PATH_STYLE === 'true',
    // The SDK repeats what failed for no fault of the call: every call here may be made twice. Bodies are in memory.
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: silence,
      socketTimeout: silence,
      httpAgent: { maxSockets: mostCalls, keepAlive: true },
      httpsAgent: { maxSockets: mostCalls, keepAlive: true },
    },
    // Checksums of the newest kind are unknown to many servers, and would be signed into the URLs of parts.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  };
}
