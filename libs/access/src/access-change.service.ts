import { InvalidArgument } from '@app/platform';
import { Injectable } from '@nestjs/common';
import type { Sql } from 'sql-template-tag';
import { Access } from './access.service.js';
import {
  type AccessChanges,
  type AccessPreview,
  type Ref,
  type ResolvedChanges,
  requireCanOwn,
  requireGrantableOn,
  requireJoinable,
  requireOpenGroup,
} from './access-change.js';
import { AccessChangeReader } from './access-change.reader.js';
import { futureInstant } from './expiry.js';
import type { Principal } from './principal.js';
import { PrincipalRepository } from './principal.repository.js';
import { METASTORE_ID, METASTORE_NAME, type Securable, type SecurableKind, securableKinds } from './securable.js';
import { SecurableRepository } from './securable.repository.js';

const mostChanges = 50;

/** What would be gained and lost by changes of grants, memberships and owners. */
@Injectable()
export class AccessPreviews {
  constructor(
    private readonly access: Access,
    private readonly principals: PrincipalRepository,
    private readonly reader: AccessChangeReader,
    private readonly securables: SecurableRepository,
  ) {}

  /**
   * Needs what making the changes needs: MANAGE on each securable; for memberships MANAGE on the metastore. It tells of
   * objects that the caller may know of, and changes nothing.
   * @throws NotFound, PermissionDenied; InvalidArgument for no changes, more than 50, or one that could not be made;
   *   FailedPrecondition for a membership that would close a cycle
   */
  async whatIf(changes: AccessChanges): Promise<AccessPreview> {
    this.access.caller();
    requireBounded(changes);
    const resolved = await this.resolve(changes);
    if (resolved.addedMembers.length > 0) await this.reader.requireNoCycle(resolved);
    const visible = {} as Record<SecurableKind, Sql>;
    for (const kind of securableKinds) visible[kind] = await this.access.where('DISCOVER', kind, 's');
    return this.reader.preview(resolved, visible);
  }

  private async resolve(changes: AccessChanges): Promise<ResolvedChanges> {
    const { addGrants = [], removeGrants = [], addMembers = [], removeMembers = [], changeOwners = [] } = changes;
    if (addMembers.length + removeMembers.length > 0)
      await this.managed({ kind: 'METASTORE', fullName: METASTORE_NAME });
    const objects = await this.managedAll(
      [...addGrants, ...removeGrants, ...changeOwners].map((each) => each.securable),
    );
    const principals = await this.named(changes);

    const key = <T extends (typeof removeGrants)[number]>({ principal, privilege, securable }: T) => ({
      principalId: principals(principal).id,
      privilege,
      securableId: objects(securable).id,
    });
    for (const { privilege, securable } of addGrants) requireGrantableOn(privilege, objects(securable));
    for (const { group } of [...addMembers, ...removeMembers]) requireOpenGroup(principals(group));
    for (const { member } of addMembers) requireJoinable(principals(member));
    for (const { owner } of changeOwners) requireCanOwn(principals(owner));
    const member = (each: (typeof addMembers)[number]) => ({
      groupId: principals(each.group).id,
      memberId: principals(each.member).id,
    });
    return {
      addedGrants: addGrants.map((grant) => ({ ...key(grant), expiresAt: futureInstant(grant.expiresAt) })),
      removedGrants: removeGrants.map(key),
      addedMembers: addMembers.map(member),
      removedMembers: removeMembers.map(member),
      owners: changeOwners.map(({ securable, owner }) => ({
        securableId: objects(securable).id,
        ownerId: principals(owner).id,
        formerOwnerId: objects(securable).ownerId,
      })),
    };
  }

  /** @throws NotFound naming the first that is unknown */
  private async named(changes: AccessChanges): Promise<(name: string) => Principal> {
    const names = [
      ...[...(changes.addGrants ?? []), ...(changes.removeGrants ?? [])].map(({ principal }) => principal),
      ...[...(changes.addMembers ?? []), ...(changes.removeMembers ?? [])].flatMap(({ group, member }) => [
        group,
        member,
      ]),
      ...(changes.changeOwners ?? []).map(({ owner }) => owner),
    ];
    const found = await this.principals.byReferences(names);
    return (name) => found[names.indexOf(name)] as Principal;
  }

  /** Each object once. */
  private async managedAll(refs: readonly Ref[]): Promise<(ref: Ref) => Securable> {
    const nameOf = ({ kind, fullName }: Ref) => `${kind} ${fullName}`;
    const found = new Map<string, Securable>();
    for (const ref of refs) if (!found.has(nameOf(ref))) found.set(nameOf(ref), await this.managed(ref));
    return (ref) => found.get(nameOf(ref)) as Securable;
  }

  private async managed({ kind, fullName }: Ref): Promise<Securable> {
    const found =
      kind === 'METASTORE'
        ? await this.securables.byId(METASTORE_ID)
        : await this.securables.byFullName(kind, fullName);
    return (await this.access.authorize('MANAGE', found, kind, fullName)).object;
  }
}

function requireBounded(changes: AccessChanges): void {
  const count = Object.values(changes).reduce((sum, list) => sum + (list?.length ?? 0), 0);
  if (count >= 1 && count <= mostChanges) return;
  throw new InvalidArgument(`changes: ${count} changes; give at least 1 and at most ${mostChanges}`, ['changes']);
}
