import {
  AccessSnapshots,
  type Authentication,
  type Principal,
  PrincipalRepository,
  principalName,
  Unauthenticated,
} from '@app/access';
import { AuditLog } from '@app/audit';
import { actAs, type Caller, InvalidArgument, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Administration } from './administration.js';
import type { Claims } from './claims.js';
import { LoginRefused } from './external-identity.js';
import { ExternalIdentityRepository, type GroupRef, type SubjectRow } from './external-identity.repository.js';
import { checkedDisplayName } from './principal.js';
import { principalObject } from './principal.service.js';

/**
 * Who an issuer's subject is here. The first login makes the user; the groups claim makes and ends memberships of groups
 * that are linked to the issuer, beside those that people made.
 */
@Injectable()
export class ExternalLogins {
  constructor(
    private readonly administration: Administration,
    private readonly audit: AuditLog,
    private readonly identities: ExternalIdentityRepository,
    private readonly principals: PrincipalRepository,
    private readonly snapshots: AccessSnapshots,
    private readonly transaction: Transaction,
  ) {}

  /**
   * One statement, unless the subject is new, its groups have changed, or it comes with a newer token for the first time.
   * @throws Unauthenticated when the user is disabled; LoginRefused when a first login cannot make a user
   */
  async authenticate(claims: Claims): Promise<Authentication> {
    const known = await this.subject(claims);
    const row = known && isUpToDate(known, claims) ? known : await this.bringUpToDate(claims);
    if (row === known && saysTheSameAnew(known, claims)) await this.identities.confirmClaims(claims);
    const { id, name, kind, accessVersion } = row;
    return { caller: { id, name, kind }, accessVersion };
  }

  private async bringUpToDate(claims: Claims): Promise<SubjectRow> {
    await this.transaction.run(async () => {
      // First logins of one subject wait for one another here, as do changes of memberships.
      await this.administration.serialize();
      const found = await this.subject(claims);
      const user = found ?? { id: uuidv7(), kind: 'USER', name: usableName(claims) };
      await actAs(user, async () => {
        if (!found) await this.createUser(user, claims);
        if (!found || !isUpToDate(found, claims)) await this.takeGroups(user, claims);
      });
    });
    return (await this.subject(claims)) as SubjectRow;
  }

  private async subject({ issuer, subject }: Claims): Promise<SubjectRow | undefined> {
    const row = await this.identities.subject(issuer.issuer, subject);
    if (row && !row.enabled) throw new Unauthenticated('the token is not valid: its owner is disabled');
    return row;
  }

  private async createUser({ id, name }: Caller, { issuer, subject, displayName: shown }: Claims): Promise<void> {
    const displayName = usable(() => checkedDisplayName(shown)) ?? null;
    const made = await this.principals.insert({ id, kind: 'USER', name, displayName, createdBy: id });
    if (!made) {
      throw new LoginRefused(
        'NAME_TAKEN',
        `a principal with the name "${name}" is here already, and is not linked to your identity at ${issuer.issuer}: an administrator can link it to the subject "${subject}"`,
      );
    }
    await this.identities.insert(issuer.issuer, 'SUBJECT', subject, { principalId: id, linkedBy: id });
    await this.audit.record({
      action: 'principal.created',
      object: principalObject(made),
      after: { kind: 'USER', name, displayName, issuer: issuer.issuer, subject },
      reason: 'first login',
    });
  }

  private async takeGroups(user: Caller, { issuer, subject, groups, groupsDigest, issuedAt }: Claims): Promise<void> {
    if (issuer.createGroups) await this.createGroups(issuer.issuer, groups, user);
    const claimed = await this.identities.groupsOf(issuer.issuer, groups);
    const before = await this.identities.claimedGroupsOf(user.id);
    const has = (list: GroupRef[], { id }: GroupRef) => list.some((each) => each.id === id);
    let changed = false;
    for (const group of before.filter((each) => !has(claimed, each))) {
      await this.identities.removeClaimed(group.id, user.id);
      await this.record('group.member_removed', group, { before: { member: user.name, memberId: user.id } });
      changed = true;
    }
    for (const group of new Map(claimed.map((each) => [each.id, each])).values()) {
      if (has(before, group) || !(await this.identities.addClaimed(group.id, user.id))) continue;
      await this.record('group.member_added', group, { after: { member: user.name, memberId: user.id } });
      changed = true;
    }
    if (changed) await this.snapshots.changed();
    await this.identities.keepClaims(issuer.issuer, subject, groupsDigest, issuedAt);
  }

  /** A group for each value that none is linked to. A name that a principal here has already is passed over: it is not the issuer's. */
  private async createGroups(issuer: string, values: readonly string[], { id: createdBy }: Caller): Promise<void> {
    const linked = new Set((await this.identities.groupsOf(issuer, values)).map(({ externalId }) => externalId));
    const unknown = values.filter((value) => !linked.has(value));
    if (unknown.length > mostNewGroups) {
      throw new LoginRefused(
        'TOO_MANY_GROUPS',
        `the groups claim of the token names ${unknown.length} groups that are not here, and one login makes at most ${mostNewGroups}: have the issuer put fewer into it`,
      );
    }
    for (const value of unknown) {
      const name = usable(() => principalName(value));
      const group = name && (await this.principals.insert(newGroup(name, createdBy)));
      if (!group) continue;
      await this.identities.insert(issuer, 'GROUP', value, { principalId: group.id, linkedBy: createdBy });
      await this.audit.record({
        action: 'principal.created',
        object: principalObject(group),
        after: { kind: 'GROUP', name, displayName: null, issuer, group: value },
        reason: 'groups claim',
      });
    }
  }

  private record(action: string, group: GroupRef, change: { before?: unknown; after?: unknown }): Promise<void> {
    return this.audit.record({ action, object: principalObject(group), ...change, reason: 'groups claim' });
  }
}

/** All other changes of memberships wait while they are made. */
const mostNewGroups = 500;

const newGroup = (name: string, createdBy: string) =>
  ({ id: uuidv7(), kind: 'GROUP', name, displayName: null, createdBy }) as const;

/**
 * A token that is older than what is known changes nothing: two tokens of one user, used in turn, would take the groups
 * back and forth, and an old one would bring back a group that was left.
 */
const isUpToDate = ({ groupsDigest, claimsAt }: SubjectRow, claims: Claims): boolean =>
  groupsDigest === claims.groupsDigest || (claimsAt !== null && claimsAt > claims.issuedAt);

/** Then it counts as the last one seen: what an older one said otherwise, between the two, is over. */
const saysTheSameAnew = ({ groupsDigest, claimsAt }: SubjectRow, claims: Claims): boolean =>
  groupsDigest === claims.groupsDigest && claimsAt !== null && claimsAt < claims.issuedAt;

function usable<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof InvalidArgument) return undefined;
    throw error;
  }
}

function usableName({ name, issuer }: Claims): Principal['name'] {
  const claim = `claim "${issuer.nameClaim}"`;
  if (name === null) {
    throw new LoginRefused(
      'NAME_UNUSABLE',
      `this is your first login, and the token has no ${claim}, which names a new user: sign in through the browser once, or have the issuer put it into this token`,
    );
  }
  const made = usable(() => principalName(name));
  if (made) return made;
  throw new LoginRefused(
    'NAME_UNUSABLE',
    `the ${claim} of the token, "${name}", cannot name a user: 1 to 255 characters, no ":", no control or invisible character, no space at either end, no UUID`,
  );
}
