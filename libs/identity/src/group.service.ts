import { Access, AccessSnapshots, builtInPrincipals, type Principal, PrincipalRepository } from '@app/access';
import { AuditLog } from '@app/audit';
import { FailedPrecondition, InvalidArgument, NotFound, type Page, type PageArgs, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { Administration } from './administration.js';
import { chainDown } from './group.js';
import { GroupRepository, groupsOf, membersOf } from './group.repository.js';
import { PrincipalReader } from './principal.reader.js';
import { principalObject } from './principal.service.js';

/** Who is in which group. Groups nest; a member of an inner group holds what the outer one holds. */
@Injectable()
export class Groups {
  constructor(
    private readonly access: Access,
    private readonly administration: Administration,
    private readonly audit: AuditLog,
    private readonly groups: GroupRepository,
    private readonly principals: PrincipalRepository,
    private readonly reader: PrincipalReader,
    private readonly snapshots: AccessSnapshots,
    private readonly transaction: Transaction,
  ) {}

  /**
   * Puts a user, a service principal or a group into a group; both are named by id or name. Once more changes nothing.
   * @throws NotFound; InvalidArgument when `group` is no group, `everyone` or the gate identity is part of it;
   *   FailedPrecondition when the group is, however deep, a member of the member
   */
  async addMember(group: string, member: string): Promise<{ group: Principal; member: Principal }> {
    const caller = await this.administration.authorize();
    return this.transaction.run(async () => {
      await this.administration.serialize();
      const [outer, inner] = (await this.principals.hold([group, member])) as [Principal, Principal];
      requireOpenGroup(outer);
      requireJoinable(inner);
      await this.requireNoCycle(outer, inner);
      if (await this.groups.add(outer.id, inner.id, caller.id)) {
        await this.snapshots.changed();
        await this.record('group.member_added', outer, { after: { member: inner.name, memberId: inner.id } });
      }
      return { group: outer, member: inner };
    });
  }

  /**
   * Takes a member out of a group. When it is not in it, nothing changes.
   * @throws NotFound; InvalidArgument as addMember; FailedPrecondition when nobody would be left who can act as the
   *   owner of the metastore, or an issuer's groups claim made the membership
   */
  async removeMember(group: string, member: string): Promise<{ group: Principal; member: Principal }> {
    await this.administration.authorize();
    return this.transaction.run(async () => {
      await this.administration.serialize();
      const [outer, inner] = (await this.principals.hold([group, member])) as [Principal, Principal];
      requireOpenGroup(outer);
      if (await this.groups.remove(outer.id, inner.id)) {
        await this.administration.requireSomebodyInCharge();
        await this.snapshots.changed();
        await this.record('group.member_removed', outer, { before: { member: inner.name, memberId: inner.id } });
      } else {
        await this.requireNotClaimed(outer, inner);
      }
      return { group: outer, member: inner };
    });
  }

  /** The direct members, by name; of `everyone`, all enabled users and service principals. @throws NotFound, InvalidArgument */
  async members(groupId: string, args: PageArgs): Promise<Page<Principal>> {
    return this.reader.page(membersOf(await this.group(groupId)), args);
  }

  async countMembers(groupId: string): Promise<number> {
    return this.reader.count(membersOf(await this.group(groupId)));
  }

  /** The groups that a principal is directly in, by name. @throws NotFound */
  async groupsOf(principalId: string, args: PageArgs): Promise<Page<Principal>> {
    return this.reader.page(groupsOf(await this.principal(principalId)), args);
  }

  async countGroupsOf(principalId: string): Promise<number> {
    return this.reader.count(groupsOf(await this.principal(principalId)));
  }

  private async principal(id: string): Promise<Principal> {
    this.access.caller();
    const principal = await this.principals.byId(id);
    if (!principal) throw new NotFound('Principal', id);
    return principal;
  }

  private async group(id: string): Promise<Principal> {
    const group = await this.principal(id);
    requireGroup(group);
    return group;
  }

  private async requireNoCycle(outer: Principal, inner: Principal): Promise<void> {
    const chain = chainDown(await this.groups.above(outer.id), inner, outer);
    if (!chain) return;
    const circle = [outer.name, ...chain];
    throw new FailedPrecondition(
      'MEMBERSHIP_CYCLE',
      `member: "${inner.name}" in "${outer.name}" would close a cycle: ${circle.map((name) => `"${name}"`).join(' holds ')}`,
      { circle },
    );
  }

  /** It would be back with the next change of the claim: only the issuer can end it. */
  private async requireNotClaimed(outer: Principal, inner: Principal): Promise<void> {
    const issuer = await this.groups.claimedBy(outer.id, inner.id);
    if (!issuer) return;
    throw new FailedPrecondition(
      'MEMBERSHIP_CLAIMED',
      `member: the groups claim of ${issuer} has "${inner.name}" in "${outer.name}": take it out there, or unlink the group`,
      { issuer },
    );
  }

  private record(action: string, group: Principal, change: { before?: unknown; after?: unknown }): Promise<void> {
    return this.audit.record({ action, object: principalObject(group), ...change });
  }
}

function requireGroup({ kind, name }: Principal): void {
  if (kind !== 'GROUP') throw new InvalidArgument(`group: "${name}" is not a group`, ['group']);
}

function requireOpenGroup(group: Principal): void {
  requireGroup(group);
  if (group.id === builtInPrincipals.everyone) {
    throw new InvalidArgument('group: "everyone" holds all enabled users and service principals by itself', ['group']);
  }
}

/** `everyone` in a group would make all of them members; the gate identity holds no rights (libs/access, principal.ts). */
function requireJoinable({ id, name }: Principal): void {
  if (id === builtInPrincipals.everyone || id === builtInPrincipals.gates) {
    throw new InvalidArgument(`member: "${name}" cannot be a member of a group`, ['member']);
  }
}
