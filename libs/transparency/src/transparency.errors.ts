import { FailedPrecondition, InvalidArgument, NotFound } from '@app/platform';

export class NotSealedYet extends FailedPrecondition {
  constructor(eventId: string) {
    super('EVENT_NOT_SEALED', `Audit event ${eventId} is not sealed yet: events are within about two seconds`);
  }
}

export class CheckpointNotFound extends NotFound {
  constructor(size?: number) {
    super('Checkpoint', size === undefined ? 'of the audit log' : `over ${size} events`);
  }
}

export class OutsideLog extends InvalidArgument {
  constructor(field: string, value: number, lowest: number, highest: number) {
    super(`${field}: ${value} is not between ${lowest} and ${highest}, what is sealed of the audit log`, [field]);
  }
}
