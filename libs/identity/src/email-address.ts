import { InvalidArgument } from '@app/platform';

/** Where a user gets mail. */
export interface EmailAddress {
  address: string;
  /** An issuer says that it is verified, and may change it at the next login; false: it was entered here. */
  claimed: boolean;
}

const longestAddress = 254;
/** One mailbox and nothing beside it: no list, no name, nothing that could end a header. Quoted local parts are not taken. */
const mailbox =
  /^[^\s\p{C}"(),:;<>@[\\\]]{1,64}@[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?(\.[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?)*$/u;

export const isEmailAddress = (text: string): boolean => text.length <= longestAddress && mailbox.test(text);

/** @throws InvalidArgument */
export function checkedEmail(address: string): string {
  if (isEmailAddress(address)) return address;
  throw new InvalidArgument(`email: "${address}" must be one address, for example ada@example.com`, ['email']);
}
