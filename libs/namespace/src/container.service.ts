import {
  Access,
  AccessSnapshots,
  fullNameKey,
  isNameTaken,
  nameSegment,
  nounOf,
  type Securable,
  SecurableRepository,
} from '@app/access';
import { AuditLog } from '@app/audit';
import { AlreadyExists, Config, FailedPrecondition, NotFound, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { ContainerReader } from './container.reader.js';
import { GrantReader } from './grant.reader.js';
import { securableObject } from './securable.service.js';
import { checkedDescription } from './tag.js';

export type ContainerKind = 'CATALOG' | 'SCHEMA';

/** How catalogs and schemas are made and deleted: the same, but for their place and the privilege that making one asks for. */
@Injectable()
export class Containers {
  constructor(
    private readonly access: Access,
    private readonly audit: AuditLog,
    private readonly config: Config,
    private readonly grants: GrantReader,
    private readonly reader: ContainerReader,
    private readonly securables: SecurableRepository,
    private readonly snapshots: AccessSnapshots,
    private readonly transaction: Transaction,
  ) {}

  /**
   * Writes a container, without asking for a right. Its parent cannot be deleted meanwhile.
   * @throws NotFound when the parent is gone by now; AlreadyExists; InvalidArgument for the description
   */
  async insert(
    kind: ContainerKind,
    parent: Securable,
    made: { name: string; description?: string | null; ownerId: string; createdBy: string },
  ): Promise<Securable> {
    const { name, ownerId, createdBy } = made;
    const description = checkedDescription(made.description ?? null);
    return this.transaction.run(async () => {
      const fullName = nameIn(await this.held(parent), name);
      const container = await this.securables.insert({ kind, parent, name, fullName, ownerId, description, createdBy });
      if (!container) throw new AlreadyExists(nounOf[kind], fullName);
      await this.snapshots.changed();
      await this.audit.record({
        action: `${kind.toLowerCase()}.created`,
        object: securableObject(container),
        after: { fullName, ownerId, description },
      });
      return container;
    });
  }

  /**
   * Deletes an empty container with the grants, tags and policies on it. Needs MANAGE.
   * @throws NotFound, PermissionDenied; FailedPrecondition naming what is in it
   */
  async delete(kind: ContainerKind, fullName: string): Promise<void> {
    const found = await this.securables.byFullName(kind, fullName);
    const { object } = await this.access.authorize('MANAGE', found, kind, fullName);
    await this.transaction.run(async () => {
      // Whoever makes something in it holds the row: what is counted now stays true.
      const container = await this.securables.lock(object.id);
      if (!container) throw new NotFound(nounOf[kind], fullName);
      await this.requireEmpty(container);
      const { ownerId, description } = container;
      const grants = await this.grants.namesOn(container.id);
      await this.securables.delete(container);
      await this.snapshots.changed();
      await this.audit.record({
        action: `${kind.toLowerCase()}.deleted`,
        object: securableObject(container),
        before: { fullName: container.fullName, ownerId, description, grants },
      });
    });
  }

  /**
   * Gives a container another name, and with it everything in it another full name: the old ones are absent from then on.
   * Needs MANAGE on it, and the privilege that making one of that name asks for.
   * @throws NotFound, PermissionDenied, InvalidArgument; AlreadyExists, also when the one that has the name is hidden;
   *   FailedPrecondition for the container of names without dots
   */
  async rename(kind: ContainerKind, fullName: string, newName: string): Promise<Securable> {
    const name = nameSegment(newName, 'newName');
    const found = await this.securables.byFullName(kind, fullName);
    const { caller, object } = await this.access.authorize('MANAGE', found, kind, fullName);
    const parent = (await this.securables.byId(object.parentId as string)) as Securable;
    const creates = kind === 'CATALOG' ? 'CREATE_CATALOG' : 'CREATE_SCHEMA';
    await this.access.authorize(creates, parent, parent.kind, parent.fullName);
    this.requireNotDefault(object);
    const rename = async () => {
      const newFullName = nameIn(await this.held(parent), name);
      const before = await this.securables.lock(object.id);
      if (!before) throw new NotFound(nounOf[kind], fullName);
      if (before.fullName === newFullName) return before;
      const after = await this.securables.renameWithContents(before, name, newFullName, caller.id);
      await this.audit.record({
        action: `${kind.toLowerCase()}.renamed`,
        object: securableObject(after),
        before: { fullName: before.fullName },
        after: { fullName: newFullName },
      });
      return after;
    };
    return this.transaction.run(rename).catch((error: unknown) => {
      throw isNameTaken(error) ? new AlreadyExists(nounOf[kind], nameIn(parent, name)) : error;
    });
  }

  /** The container that something is made or named in: it stays, and keeps its name, until the transaction ends. */
  private async held({ id, kind, fullName }: Securable): Promise<Securable> {
    const parent = await this.securables.hold(id);
    if (!parent) throw new NotFound(nounOf[kind], fullName);
    return parent;
  }

  /** Names without dots would change their meaning, and the next start would make an empty schema of the old name. */
  private requireNotDefault({ kind, fullName }: Securable): void {
    const { DEFAULT_SCHEMA: schema } = this.config.settings;
    const name = kind === 'CATALOG' ? (schema.split('.')[0] as string) : schema;
    if (fullNameKey(kind, name) !== fullNameKey(kind, fullName)) return;
    throw new FailedPrecondition(
      'DEFAULT_SCHEMA',
      `${nounOf[kind]} "${fullName}" cannot be renamed: model names without dots live in "${schema}". Change the setting DEFAULT_SCHEMA first`,
    );
  }

  private async requireEmpty({ id, kind, fullName }: Securable): Promise<void> {
    const { count, names } = await this.reader.contents(id);
    if (count === 0) return;
    const more = count - names.length;
    const contents = [...names.map((name) => `"${name}"`), ...(more > 0 ? [`${more} more`] : [])].join(', ');
    throw new FailedPrecondition('NOT_EMPTY', `${nounOf[kind]} "${fullName}" is not empty: delete ${contents} first`, {
      count,
      names,
    });
  }
}

const nameIn = (parent: Securable, name: string): string =>
  parent.kind === 'METASTORE' ? name : `${parent.fullName}.${name}`;
