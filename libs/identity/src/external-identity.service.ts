import {
  Access,
  AccessSnapshots,
  builtInPrincipals,
  METASTORE_ID,
  type Principal,
  PrincipalRepository,
  type Securable,
  SecurableRepository,
} from '@app/access';
import { AuditLog, type NewAuditEvent } from '@app/audit';
import { AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { Administration } from './administration.js';
import type { ExternalIdentity, ExternalIdentityKind } from './external-identity.js';
import { ExternalIdentityRepository, type GroupRef } from './external-identity.repository.js';
import { IssuedTokens } from './issued-token.service.js';
import { shortText } from './principal.js';
import { principalObject } from './principal.service.js';
import { SessionRepository } from './session.repository.js';

export interface ExternalIdentityInput {
  /** Whom it stands for, by id or name. */
  principal: string;
  issuer: string;
  /** The subject of a user or service principal; a value of the groups claim of a group. */
  externalId: string;
}

/** Which subjects and groups of the configured issuers are which principals of ours. Needs MANAGE on the metastore. */
@Injectable()
export class ExternalIdentities {
  constructor(
    private readonly access: Access,
    private readonly administration: Administration,
    private readonly audit: AuditLog,
    private readonly identities: ExternalIdentityRepository,
    private readonly issued: IssuedTokens,
    private readonly principals: PrincipalRepository,
    private readonly securables: SecurableRepository,
    private readonly sessions: SessionRepository,
    private readonly snapshots: AccessSnapshots,
    private readonly transaction: Transaction,
  ) {}

  /**
   * From the next request on, the subject signs in as this principal, or who claims the group is in it.
   * @throws InvalidArgument for an issuer that is not configured, or a principal that cannot be linked; AlreadyExists when
   *   the issuer's name is linked already; FailedPrecondition when the principal signs in as another subject; NotFound
   */
  async link({ principal: reference, issuer, externalId: given }: ExternalIdentityInput): Promise<Principal> {
    const caller = await this.administration.authorize();
    this.requireConfigured(issuer);
    const externalId = shortText(given, 'externalId');
    return this.transaction.run(async () => {
      await this.administration.serialize();
      const [principal] = (await this.principals.hold([reference])) as [Principal];
      const kind = kindOf(principal);
      if (await this.identities.find(issuer, kind, externalId)) {
        throw new AlreadyExists('External identity', `${externalId} of ${issuer}`);
      }
      const others = kind === 'SUBJECT' ? await this.identities.ofPrincipals([principal.id]) : [];
      if (others[0]) {
        throw new FailedPrecondition(
          'LINKED_ALREADY',
          `principal: "${principal.name}" signs in as "${others[0].externalId}" of ${others[0].issuer}: unlink that first`,
        );
      }
      await this.identities.insert(issuer, kind, externalId, { principalId: principal.id, linkedBy: caller.id });
      if (kind === 'GROUP') await this.identities.forgetClaims(issuer);
      const object = principalObject(principal);
      await this.audit.record({ action: 'principal.identity_linked', object, after: { issuer, externalId } });
      return principal;
    });
  }

  /**
   * From the next request on, the subject is unknown and its sessions have ended, or nobody is in the group by the claim.
   * @throws NotFound when they are not linked
   */
  async unlink({ principal: reference, issuer, externalId }: ExternalIdentityInput): Promise<Principal> {
    await this.administration.authorize();
    return this.transaction.run(async () => {
      await this.administration.serialize();
      const [principal] = (await this.principals.hold([reference])) as [Principal];
      const kind = kindOf(principal);
      const found = await this.identities.find(issuer, kind, externalId);
      if (found?.principalId !== principal.id) throw new NotFound('External identity', `${externalId} of ${issuer}`);
      const memberships = await this.endClaimed(kind, principal, issuer);
      await this.identities.delete(issuer, kind, externalId);
      if (kind === 'SUBJECT') await this.sessions.deleteOf(principal.id);
      if (kind === 'GROUP') await this.identities.forgetClaims(issuer);
      await this.audit.record({
        action: 'principal.identity_unlinked',
        object: principalObject(principal),
        before: { issuer, externalId, memberships },
      });
      return principal;
    });
  }

  /** Of several principals, for loaders: one's own, and with MANAGE on the metastore everybody's. */
  async ofPrincipals(ids: readonly string[]): Promise<ExternalIdentity[]> {
    const caller = this.access.caller();
    const metastore = (await this.securables.byId(METASTORE_ID)) as Securable;
    const shown = (await this.access.allowed('MANAGE', metastore)) ? ids : ids.filter((id) => id === caller.id);
    return shown.length > 0 ? this.identities.ofPrincipals(shown) : [];
  }

  /** What the claim made ends with the link. @returns the names of the groups, or of the members of the group */
  private async endClaimed(kind: ExternalIdentityKind, principal: Principal, issuer: string): Promise<string[]> {
    const ended =
      kind === 'GROUP'
        ? await this.identities.removeMembersClaimed(principal.id, issuer)
        : await this.identities.removeClaimedOf(principal.id);
    if (ended.length === 0) return [];
    await this.administration.requireSomebodyInCharge();
    await this.snapshots.changed();
    await this.audit.recordAll(
      ended.map((other) => (kind === 'GROUP' ? membershipEnded(principal, other) : membershipEnded(other, principal))),
    );
    return ended.map(({ name }) => name);
  }

  private requireConfigured(issuer: string): void {
    const configured = this.issued.issuers.map((each) => each.issuer);
    if (configured.includes(issuer)) return;
    const told = configured.length > 0 ? `it must be ${configured.join(' or ')}` : 'none is (OIDC_ISSUERS)';
    throw new InvalidArgument(`issuer: "${issuer}" is not configured: ${told}`, ['issuer']);
  }
}

const membershipEnded = (group: GroupRef, { id, name }: GroupRef): NewAuditEvent => ({
  action: 'group.member_removed',
  object: principalObject(group),
  before: { member: name, memberId: id },
  reason: 'identity unlinked',
});

function kindOf({ id, kind, name }: Principal): ExternalIdentityKind {
  if (id === builtInPrincipals.everyone || id === builtInPrincipals.gates) {
    throw new InvalidArgument(`principal: "${name}" is what the installation makes it, and cannot be linked`, [
      'principal',
    ]);
  }
  return kind === 'GROUP' ? 'GROUP' : 'SUBJECT';
}
