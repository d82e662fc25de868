import {
  Access,
  AccessSnapshots,
  builtInPrincipals,
  nounOf,
  type Principal,
  PrincipalRepository,
  type Securable,
  SecurableRepository,
} from '@app/access';
import { AuditLog, type AuditObject } from '@app/audit';
import { FailedPrecondition, InvalidArgument, NotFound, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import type { SecurableRef } from './securable-ref.js';
import { checkedDescription, type Tag, taggingPrivilege, tagKey, tagValue } from './tag.js';
import { TagRepository } from './tag.repository.js';

export interface SecurableChanges {
  /** Absent: stays as it is. */
  description?: string | null;
  /** The id or name of an enabled principal. Absent: stays as it is. */
  owner?: string;
}

/** What every securable has alike, whatever its kind: a description, an owner, tags. */
@Injectable()
export class Securables {
  constructor(
    private readonly access: Access,
    private readonly audit: AuditLog,
    private readonly principals: PrincipalRepository,
    private readonly securables: SecurableRepository,
    private readonly snapshots: AccessSnapshots,
    private readonly tags: TagRepository,
    private readonly transaction: Transaction,
  ) {}

  /** @throws NotFound when it is absent or hidden */
  async get(ref: SecurableRef): Promise<Securable> {
    const found = await this.securables.byFullName(ref.kind, ref.fullName);
    return (await this.access.authorize('DISCOVER', found, ref.kind, ref.fullName)).object;
  }

  /**
   * Changes the description or the owner. Needs MANAGE.
   * @throws NotFound, PermissionDenied, InvalidArgument; FailedPrecondition when the new owner cannot own
   */
  async update(ref: SecurableRef, changes: SecurableChanges): Promise<Securable> {
    const found = await this.securables.byFullName(ref.kind, ref.fullName);
    const { caller, object } = await this.access.authorize('MANAGE', found, ref.kind, ref.fullName);
    const description = changes.description === undefined ? undefined : checkedDescription(changes.description);
    return this.transaction.run(async () => {
      // The principal first, then the object: the order in which whoever deletes a principal takes them.
      const owner = changes.owner === undefined ? undefined : await this.newOwner(object, changes.owner);
      const before = await this.locked(object);
      const described = description !== undefined && description !== before.description;
      const transferred = owner !== undefined && owner.id !== before.ownerId;
      if (!described && !transferred) return before;

      const after = await this.securables.update(
        before.id,
        { ...(described && { description }), ...(transferred && { ownerId: owner.id }) },
        caller.id,
      );
      if (transferred) await this.snapshots.changed();
      const told = ({ description: text, ownerId }: Pick<Securable, 'description' | 'ownerId'>) => ({
        ...(described && { description: text }),
        ...(transferred && { ownerId }),
      });
      await this.audit.record({
        action: `${before.kind.toLowerCase()}.${transferred ? 'owner_changed' : 'updated'}`,
        object: securableObject(before),
        before: told(before),
        after: told(after as Securable),
      });
      return after as Securable;
    });
  }

  /** Gives it another owner. Needs MANAGE, which an owner has. @throws as update */
  transferOwnership(ref: SecurableRef, owner: string): Promise<Securable> {
    return this.update(ref, { owner });
  }

  /**
   * Sets a tag; the same value once more changes nothing. Needs APPLY_TAG; on an experiment, EDIT.
   * @throws NotFound, PermissionDenied, InvalidArgument
   */
  async setTag(ref: SecurableRef, tag: Tag): Promise<void> {
    const object = await this.authorizeTagging(ref);
    const key = tagKey(tag.key);
    const value = tagValue(tag.value);
    await this.transaction.run(async () => {
      const securable = await this.locked(object);
      const before = await this.tags.value(securable.id, key);
      if (before === value) return;
      await this.tags.set(securable.id, { key, value });
      await this.audit.record({
        action: `${securable.kind.toLowerCase()}.tag_set`,
        object: securableObject(securable),
        before: before === undefined ? null : { key, value: before },
        after: { key, value },
      });
    });
  }

  /** Deletes a tag; when it is not there, nothing changes. Needs what setTag needs. @throws NotFound, PermissionDenied */
  async deleteTag(ref: SecurableRef, key: string): Promise<void> {
    const object = await this.authorizeTagging(ref);
    tagKey(key);
    await this.transaction.run(async () => {
      const securable = await this.locked(object);
      const before = await this.tags.value(securable.id, key);
      if (before === undefined) return;
      await this.tags.delete(securable.id, key);
      await this.audit.record({
        action: `${securable.kind.toLowerCase()}.tag_deleted`,
        object: securableObject(securable),
        before: { key, value: before },
      });
    });
  }

  /** The tags of many, by key, for loaders: of those that the caller may see, whatever their kind. */
  async tagsOf(ids: readonly string[]): Promise<Map<string, Tag[]>> {
    const visible = await this.access.whereOfAnyKind('DISCOVER', 's');
    const found = new Map<string, Tag[]>(ids.map((id) => [id, []]));
    for (const { securableId, key, value } of await this.tags.of(ids, visible)) {
      found.get(securableId)?.push({ key, value });
    }
    return found;
  }

  private async authorizeTagging({ kind, fullName }: SecurableRef): Promise<Securable> {
    const privilege = taggingPrivilege(kind);
    const found = await this.securables.byFullName(kind, fullName);
    return (await this.access.authorize(privilege, found, kind, fullName)).object;
  }

  private async locked({ id, kind, fullName }: Securable): Promise<Securable> {
    const securable = await this.securables.lock(id);
    if (!securable) throw new NotFound(nounOf[kind], fullName);
    return securable;
  }

  private async newOwner(securable: Securable, reference: string): Promise<Principal> {
    // Nobody may leave the group of the new owner between the look at it and the end of the transaction.
    if (securable.kind === 'METASTORE') await this.principals.serializeMemberships();
    const [owner] = await this.principals.holdKnown([reference]);
    if (!owner) throw new NotFound('Principal', reference, ['owner']);
    requireCanOwn(owner);
    if (securable.kind === 'METASTORE' && !(await this.principals.canAct(owner.id))) {
      throw new FailedPrecondition(
        'LAST_ADMINISTRATOR',
        `owner: nobody who is enabled is in the group "${owner.name}"`,
        undefined,
        ['owner'],
      );
    }
    return owner;
  }
}

/** What an audit event says of a securable. */
export const securableObject = (securable: Securable): AuditObject => ({
  kind: securable.kind,
  id: securable.id,
  name: securable.fullName,
  within: securable,
});

function requireCanOwn({ id, name, disabledAt }: Principal): void {
  if (disabledAt) {
    throw new FailedPrecondition('DISABLED', `owner: "${name}" is disabled: enable it first`, undefined, ['owner']);
  }
  if (id === builtInPrincipals.everyone || id === builtInPrincipals.gates) {
    throw new InvalidArgument(`owner: "${name}" cannot own anything: name a user, a service principal or a group`, [
      'owner',
    ]);
  }
}
