import type { PolicyRules } from '../access-file/rules.schema.js';
import type { SecurableRef } from '../access-file/securable-kind.js';

/** How things are on the server, as far as a file speaks of them. The keys are those of `nameKey` and `refKey`. */
export interface AccessState {
  principals: Map<string, PrincipalState>;
  groups: Map<string, GroupState>;
  securables: Map<string, SecurableState>;
  /** May the caller change groups? */
  administers: boolean;
}

export interface PrincipalState {
  name: string;
  kind: 'USER' | 'SERVICE_PRINCIPAL' | 'GROUP';
}

export interface GroupState {
  name: string;
  /** OpenID Connect issuers whose groups claim makes members of it. */
  issuers: string[];
  members: string[];
}

export interface GrantState {
  privilege: string;
  expiresAt: string | null;
  principal: { name: string } | null;
}

export interface PolicyState {
  id: string;
  name: string;
  revision: number;
  retiredAt: string | null;
  rules: PolicyRules;
}

export interface SecurableState extends SecurableRef {
  grantsRevision: number;
  viewerCan: string[];
  owner: string | null;
  grants: GrantState[];
  policies: PolicyState[];
}
