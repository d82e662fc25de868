import { DomainError } from '@app/platform';

/** A subject is a user or a service principal; a group is a value of the groups claim. */
export type ExternalIdentityKind = 'SUBJECT' | 'GROUP';

/** What an issuer calls a principal of ours. */
export interface ExternalIdentity {
  principalId: string;
  issuer: string;
  externalId: string;
  linkedAt: Date;
}

/** Whom the issuer vouches for, and we cannot let in: not as a user of ours, or not yet. */
export class LoginRefused extends DomainError {
  constructor(reason: 'NAME_TAKEN' | 'NAME_UNUSABLE' | 'TOO_MANY_GROUPS', message: string) {
    super('PERMISSION_DENIED', reason, message);
  }
}
