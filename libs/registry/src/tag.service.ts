import { Access, type Securable, SecurableRepository } from '@app/access';
import { AuditLog, type AuditObject } from '@app/audit';
import { Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { auditedVersion, versionNumber } from './model-version.js';
import { ModelVersionRepository } from './model-version.repository.js';
import { ModelNotFound, VersionNotFound } from './registry.errors.js';
import { checkedTag, type Tag } from './tag.js';
import { type Tagged, TagRepository } from './tag.repository.js';

/** A row that carries tags, locked until the transaction ends, and how the audit trail names it. */
interface LockedObject {
  on: Tagged;
  id: string;
  audited: AuditObject;
}

/** Tags of models and versions. All of it needs APPLY_TAG on the model, and no more. */
@Injectable()
export class Tags {
  constructor(
    private readonly access: Access,
    private readonly audit: AuditLog,
    private readonly securables: SecurableRepository,
    private readonly tags: TagRepository,
    private readonly transaction: Transaction,
    private readonly versions: ModelVersionRepository,
  ) {}

  /** @throws NotFound, PermissionDenied, InvalidArgument */
  async setOnModel(fullName: string, tag: Tag): Promise<void> {
    const model = await this.authorize(fullName);
    await this.set(() => this.lockModel(model), checkedTag(tag));
  }

  /**
   * A tag that is not there is no error.
   * @throws NotFound, PermissionDenied
   */
  async deleteFromModel(fullName: string, key: string): Promise<void> {
    const model = await this.authorize(fullName);
    await this.delete(() => this.lockModel(model), key);
  }

  /** @throws NotFound, PermissionDenied, InvalidArgument */
  async setOnVersion(fullName: string, number: number, tag: Tag): Promise<{ id: string; number: number }> {
    versionNumber(number);
    const model = await this.authorize(fullName);
    return { id: await this.set(() => this.lockVersion(model, number), checkedTag(tag)), number };
  }

  /**
   * A tag that is not there is no error.
   * @throws NotFound, PermissionDenied, InvalidArgument
   */
  async deleteFromVersion(fullName: string, number: number, key: string): Promise<{ id: string; number: number }> {
    versionNumber(number);
    const model = await this.authorize(fullName);
    return { id: await this.delete(() => this.lockVersion(model, number), key), number };
  }

  private async authorize(fullName: string): Promise<Securable> {
    const model = await this.securables.byFullName('REGISTERED_MODEL', fullName);
    return (await this.access.authorize('APPLY_TAG', model, 'REGISTERED_MODEL', fullName)).object;
  }

  private async lockModel({ id, fullName }: Securable): Promise<LockedObject> {
    const model = await this.securables.lock(id);
    if (!model) throw new ModelNotFound(fullName);
    const audited: AuditObject = { kind: 'REGISTERED_MODEL', id, name: model.fullName, within: model };
    return { on: 'REGISTERED_MODEL', id, audited };
  }

  private async lockVersion(model: Securable, number: number): Promise<LockedObject> {
    const version = await this.versions.lock(model.id, number);
    if (!version) throw new VersionNotFound(model.fullName, number);
    return { on: 'MODEL_VERSION', id: version.id, audited: auditedVersion(model, version) };
  }

  /** @returns the id of the tagged */
  private set(lock: () => Promise<LockedObject>, { key, value }: Tag): Promise<string> {
    return this.transaction.run(async () => {
      const { on, id, audited } = await lock();
      const before = await this.tags.get(on, id, key);
      if (before === value) return id;
      await this.tags.set(on, id, { key, value });
      await this.audit.record({
        action: `${on.toLowerCase()}.tag_set`,
        object: audited,
        before: before === undefined ? undefined : { key, value: before },
        after: { key, value },
      });
      return id;
    });
  }

  private delete(lock: () => Promise<LockedObject>, key: string): Promise<string> {
    return this.transaction.run(async () => {
      const { on, id, audited } = await lock();
      const value = await this.tags.get(on, id, key);
      if (value === undefined) return id;
      await this.tags.delete(on, id, key);
      await this.audit.record({ action: `${on.toLowerCase()}.tag_deleted`, object: audited, before: { key, value } });
      return id;
    });
  }
}
