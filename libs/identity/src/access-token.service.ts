import {
  Access,
  futureInstant,
  HiddenObject,
  METASTORE_ID,
  type Principal,
  PrincipalRepository,
  type Securable,
  SecurableRepository,
} from '@app/access';
import { AuditLog, type AuditObject } from '@app/audit';
import {
  Conflict,
  FailedPrecondition,
  InvalidArgument,
  NotFound,
  type Page,
  type PageArgs,
  Transaction,
} from '@app/platform';
import { Injectable } from '@nestjs/common';
import { type AccessToken, newToken, requireNotNarrowed } from './access-token.js';
import { AccessTokenRepository } from './access-token.repository.js';
import { Administration } from './administration.js';
import { shortText } from './principal.js';

export interface AccessTokenInput {
  name: string;
  expiresAt?: Date | null;
  for?: string | null;
  readOnly?: boolean | null;
  catalog?: string | null;
}

/** Personal access tokens: everybody's own, and those of others with MANAGE on the metastore. */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly access: Access,
    private readonly administration: Administration,
    private readonly audit: AuditLog,
    private readonly principals: PrincipalRepository,
    private readonly securables: SecurableRepository,
    private readonly tokens: AccessTokenRepository,
    private readonly transaction: Transaction,
  ) {}

  /**
   * Makes a token, for oneself or for another user or service principal. The token is in this answer and nowhere else.
   * @param input.for an id or a name; the caller when absent
   * @param input.readOnly true: it changes nothing, whatever its principal may change
   * @param input.catalog the name of the one catalog that it reaches; all that its principal reaches when absent
   * @throws InvalidArgument for a wrong name, an expiry that is not in the future, or a principal that cannot sign in;
   *   FailedPrecondition when the principal is disabled; NotFound; PermissionDenied, for a narrowed token too
   */
  async create(input: AccessTokenInput): Promise<{ token: string; accessToken: AccessToken }> {
    const caller = this.access.caller();
    requireNotNarrowed(caller, 'make tokens');
    const forSelf = input.for == null || input.for === caller.id;
    if (!forSelf) await this.administration.authorize();
    const name = shortText(input.name, 'name');
    const expiresAt = futureInstant(input.expiresAt);
    const narrowing = { readOnly: input.readOnly ?? false, catalogId: await this.catalogId(input.catalog) };
    const token = newToken();
    return this.transaction.run(async () => {
      const [owner] = (await this.principals.hold([input.for ?? caller.id])) as [Principal];
      requireSignsIn(owner);
      const made = await this.tokens.insert(token, {
        principalId: owner.id,
        name,
        expiresAt,
        createdBy: caller.id,
        narrowing,
      });
      if (!made) throw new Conflict('TOKEN_EXISTS', 'the new token is in use already: try again');
      await this.audit.record({
        action: 'access_token.created',
        object: tokenObject(made, owner),
        after: audited(made),
      });
      return { token, accessToken: made };
    });
  }

  /** The tokens of the caller, or of somebody else, revoked and expired ones included; the newest first. @throws PermissionDenied */
  async list(principalId: string | null, args: PageArgs): Promise<Page<AccessToken>> {
    return this.tokens.page(await this.readable(principalId), args);
  }

  async count(principalId: string | null): Promise<number> {
    return this.tokens.count(await this.readable(principalId));
  }

  /**
   * Ends a token, from the next request on. When it is revoked already, nothing changes.
   * @throws NotFound when there is none, or it is somebody else's and the caller has no MANAGE on the metastore
   */
  async revoke(id: string): Promise<AccessToken> {
    const caller = this.access.caller();
    requireNotNarrowed(caller, 'revoke tokens');
    const found = await this.tokens.byId(id);
    // Of the absent too: what is hidden takes no statement more.
    if (found?.principalId !== caller.id) await this.requireManage(id, found);
    if (!found) throw new NotFound('Access token', id);
    return this.transaction.run(async () => {
      const revoked = await this.tokens.revoke(id);
      if (!revoked) return found;
      const [owner] = (await this.principals.hold([revoked.principalId])) as [Principal];
      const object = tokenObject(revoked, owner);
      await this.audit.record({ action: 'access_token.revoked', object, before: audited(revoked) });
      return revoked;
    });
  }

  private async catalogId(name: string | null | undefined): Promise<string | null> {
    if (name == null) return null;
    const catalog = await this.securables.byFullName('CATALOG', name);
    return (await this.access.authorize('DISCOVER', catalog, 'CATALOG', name)).object.id;
  }

  private async readable(principalId: string | null): Promise<string> {
    const caller = this.access.caller();
    if (principalId === null || principalId === caller.id) return caller.id;
    await this.administration.authorize();
    const principal = await this.principals.byId(principalId);
    if (!principal) throw new NotFound('Principal', principalId);
    return principal.id;
  }

  private async requireManage(tokenId: string, found: AccessToken | undefined): Promise<void> {
    const metastore = (await this.securables.byId(METASTORE_ID)) as Securable;
    if (await this.access.allowed('MANAGE', metastore)) return;
    if (!found) throw new NotFound('Access token', tokenId);
    throw new HiddenObject('Access token', tokenId, { privilege: 'MANAGE', object: metastore });
  }
}

/** What an audit event says of a token: whose it is, and what it is called. Never the token. */
export const tokenObject = ({ id, name }: AccessToken, owner: Pick<Principal, 'name'>): AuditObject => ({
  kind: 'ACCESS_TOKEN',
  id,
  name: `${owner.name}/${name}`,
  within: null,
});

const audited = ({ name, prefix, expiresAt, readOnly, catalogId }: AccessToken) => ({
  name,
  prefix,
  expiresAt,
  readOnly,
  catalogId,
});

function requireSignsIn({ kind, name, builtIn, disabledAt }: Principal): void {
  if (kind === 'GROUP' || builtIn) {
    throw new InvalidArgument(`for: "${name}" cannot sign in: name a user or a service principal`, ['for']);
  }
  if (disabledAt) throw new FailedPrecondition('DISABLED', `"${name}" is disabled: enable it first`);
}
