import { FailedPrecondition, NotFound } from '@app/platform';

interface Version {
  modelFullName: string;
  number: number;
  status: string;
  statusMessage: string | null;
}

/** The version's files are not known yet, or could not be read. */
export class VersionNotReady extends FailedPrecondition {
  constructor({ modelFullName, number, status, statusMessage }: Version) {
    super(
      'VERSION_NOT_READY',
      `version: ${modelFullName}/${number} is ${status}${statusMessage ? ` (${statusMessage})` : ''}: it must be READY`,
      { status },
    );
  }
}

/** Nothing that serves is deleted. */
export class InProduction extends FailedPrecondition {
  constructor(modelFullName: string, number: number) {
    super(
      'IN_PRODUCTION',
      `version: ${modelFullName}/${number} is in Production, and cannot be deleted: move it to another stage first`,
    );
  }
}

export class VersionNotFound extends NotFound {
  constructor(modelFullName: string, number: number) {
    super('Model version', `${modelFullName}/${number}`);
  }
}

export class ModelNotFound extends NotFound {
  constructor(fullName: string) {
    super('Registered model', fullName);
  }
}
