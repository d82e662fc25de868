import { DomainError } from '@app/platform';

/** The service does not call this: the URL is wrong, or its address is not allowed. The same call fails again. */
export class OutboundRefused extends DomainError {
  constructor(message: string, cause?: unknown) {
    super('FAILED_PRECONDITION', 'OUTBOUND_REFUSED', message, { cause });
  }
}

/** The other side could not be reached, did not answer in time, or broke off. The same call may succeed later. */
export class OutboundFailed extends DomainError {
  constructor(message: string, cause?: unknown) {
    super('UNAVAILABLE', 'OUTBOUND_FAILED', message, { cause });
  }
}

/** A sealed secret that this installation's key does not open, or that was sealed for another place. */
export class SecretUnreadable extends DomainError {
  constructor(message: string, cause?: unknown) {
    super('UNAVAILABLE', 'SECRET_UNREADABLE', message, { cause });
  }
}
