import { DomainError, FailedPrecondition } from '@app/platform';

/** The files at the path belong to a registered version, whose digest they must keep. */
export class Sealed extends FailedPrecondition {
  /** @param version its full name, undefined when the caller may not know of it */
  constructor(path: string, version: string | undefined) {
    super(
      'SEALED',
      `path: "${path}" cannot be changed: its files belong to ${version ? `the registered version ${version}` : 'a registered version'}. Log to another run, or delete the version first`,
      { path, ...(version && { version }) },
    );
  }
}

/** The byte range that was asked for lies behind the end of the file. */
export class RangeNotSatisfiable extends DomainError {
  constructor(readonly size: number) {
    super(
      'INVALID_ARGUMENT',
      'RANGE_NOT_SATISFIABLE',
      `range: begins behind the end of the file, which has ${size} bytes`,
    );
  }
}

/** The client went away in the middle of an upload. Nothing of it was kept. */
export class UploadAborted extends DomainError {
  constructor(cause: unknown) {
    super('INVALID_ARGUMENT', 'UPLOAD_ABORTED', 'the upload broke off before its end; send the whole file again', {
      cause,
    });
  }
}

/** More bytes than one file may have. Nothing of it was kept. */
export class ArtifactTooLarge extends DomainError {
  constructor(limit: number) {
    super('TOO_LARGE', 'ARTIFACT_TOO_LARGE', `the file has more than ${limit} bytes, the most that is stored`, {
      details: { limit },
    });
  }
}

/** The parts of an upload do not make a file. */
export class UploadRefused extends DomainError {
  constructor(why: string, cause?: unknown) {
    super('INVALID_ARGUMENT', 'UPLOAD_REFUSED', `parts: they do not make a file: ${why}. Send the whole file again`, {
      path: ['parts'],
      cause,
    });
  }
}

/** The bucket is away, too slow, or does not let this service in. Nothing was changed. */
export class ArtifactStoreUnavailable extends DomainError {
  constructor(cause: unknown) {
    const message = 'the artifact store does not answer as it should: try again in a moment';
    super('UNAVAILABLE', 'ARTIFACT_STORE_UNAVAILABLE', message, { cause });
  }
}

/** What was asked for is not possible with the store, or not as it is configured. */
export class TransferNotOffered extends DomainError {
  constructor(reason: string, message: string) {
    super('NOT_IMPLEMENTED', reason, message);
  }
}
