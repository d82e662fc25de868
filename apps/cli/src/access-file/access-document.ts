import type { Mode } from './access-file.schema.js';
import type { PolicyRules } from './rules.schema.js';
import type { Privilege, SecurableRef } from './securable-kind.js';
import type { Place } from './source.js';

/** The name of a principal, and where the file names it. */
export interface NamedPrincipal {
  name: string;
  place: Place;
}

export interface DesiredGroup {
  name: string;
  members: NamedPrincipal[];
  place: Place;
}

export interface DesiredGrant {
  principal: string;
  privilege: Privilege;
  /** null: it does not end. */
  expiresAt: Date | null;
}

export interface DesiredPolicy {
  name: string;
  rules: PolicyRules;
  place: Place;
}

/** What the files say of one securable. What is undefined they say nothing of: it is not touched. */
export interface DesiredSecurable extends SecurableRef {
  place: Place;
  owner?: string;
  grants?: DesiredGrant[];
  policies?: DesiredPolicy[];
}

/** All files of one apply together. */
export interface AccessDocument {
  mode: Mode;
  groups: DesiredGroup[];
  securables: DesiredSecurable[];
  /** Every principal that is named anywhere, at each of its places. */
  principals: NamedPrincipal[];
}
