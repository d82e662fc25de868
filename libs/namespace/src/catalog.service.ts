import { Access, METASTORE_ID, nameSegment, type Securable, SecurableRepository } from '@app/access';
import type { Page, PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { byFullName, type ContainerOrder, ContainerReader } from './container.reader.js';
import { Containers } from './container.service.js';
import { type SecurableChanges, Securables } from './securable.service.js';

export interface CatalogFilter {
  /** A part of the name, ignoring case. */
  nameContains?: string | null;
}

/** Catalogs: the outermost containers, one for each team, product or environment. */
@Injectable()
export class Catalogs {
  constructor(
    private readonly access: Access,
    private readonly containers: Containers,
    private readonly reader: ContainerReader,
    private readonly repository: SecurableRepository,
    private readonly securables: Securables,
  ) {}

  /**
   * The caller owns it. Needs CREATE_CATALOG on the metastore.
   * @throws PermissionDenied, InvalidArgument; AlreadyExists, also when the one that has the name is hidden
   */
  async create(input: { name: string; description?: string | null }): Promise<Securable> {
    const found = await this.repository.byId(METASTORE_ID);
    const { caller, object } = await this.access.authorize('CREATE_CATALOG', found, 'METASTORE', 'metastore');
    const { description } = input;
    const made = { name: nameSegment(input.name), description, ownerId: caller.id, createdBy: caller.id };
    return this.containers.insert('CATALOG', object, made);
  }

  /** Ignores case. @throws NotFound when it is absent or hidden */
  get(name: string): Promise<Securable> {
    return this.securables.get({ kind: 'CATALOG', fullName: name });
  }

  /** Those that the caller may see, in any order: for loaders. */
  byIds(ids: readonly string[]): Promise<Securable[]> {
    return this.reader.byIds('CATALOG', ids);
  }

  list(filter: CatalogFilter, args: PageArgs, order: ContainerOrder = byFullName): Promise<Page<Securable>> {
    return this.reader.page('CATALOG', { nameContains: filter.nameContains }, order, args);
  }

  count(filter: CatalogFilter): Promise<number> {
    return this.reader.count('CATALOG', { nameContains: filter.nameContains });
  }

  /** @throws as Securables.update */
  update(name: string, changes: SecurableChanges): Promise<Securable> {
    return this.securables.update({ kind: 'CATALOG', fullName: name }, changes);
  }

  /** @throws as Containers.rename */
  rename(name: string, newName: string): Promise<Securable> {
    return this.containers.rename('CATALOG', name, newName);
  }

  /** @throws as Containers.delete */
  delete(name: string): Promise<void> {
    return this.containers.delete('CATALOG', name);
  }
}
