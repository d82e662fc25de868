import { Access, nameSegment, type Securable, SecurableRepository } from '@app/access';
import type { Page, PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { byFullName, type ContainerFilter, type ContainerOrder, ContainerReader } from './container.reader.js';
import { Containers } from './container.service.js';
import { type SecurableChanges, Securables } from './securable.service.js';

export interface SchemaFilter {
  /** The name of the catalog that they are in. */
  catalog?: string | null;
  /** A part of the full name, ignoring case. */
  nameContains?: string | null;
}

/** Schemas: what models stand in, within a catalog. */
@Injectable()
export class Schemas {
  constructor(
    private readonly access: Access,
    private readonly containers: Containers,
    private readonly reader: ContainerReader,
    private readonly repository: SecurableRepository,
    private readonly securables: Securables,
  ) {}

  /**
   * The caller owns it. Needs USE_CATALOG and CREATE_SCHEMA on the catalog.
   * @throws NotFound, PermissionDenied, InvalidArgument; AlreadyExists, also when the one that has the name is hidden
   */
  async create(input: { catalog: string; name: string; description?: string | null }): Promise<Securable> {
    const found = await this.repository.byFullName('CATALOG', input.catalog);
    const { caller, object } = await this.access.authorize('CREATE_SCHEMA', found, 'CATALOG', input.catalog);
    const { description } = input;
    const made = { name: nameSegment(input.name), description, ownerId: caller.id, createdBy: caller.id };
    return this.containers.insert('SCHEMA', object, made);
  }

  /** By `catalog.schema`, ignoring case. @throws NotFound when it is absent or hidden */
  get(fullName: string): Promise<Securable> {
    return this.securables.get({ kind: 'SCHEMA', fullName });
  }

  /** Those that the caller may see, in any order: for loaders. */
  byIds(ids: readonly string[]): Promise<Securable[]> {
    return this.reader.byIds('SCHEMA', ids);
  }

  /** @throws NotFound when the catalog of the filter is absent or hidden; InvalidArgument for a wrong page or cursor */
  async list(filter: SchemaFilter, args: PageArgs, order: ContainerOrder = byFullName): Promise<Page<Securable>> {
    return this.reader.page('SCHEMA', await this.inCatalog(filter), order, args);
  }

  async count(filter: SchemaFilter): Promise<number> {
    return this.reader.count('SCHEMA', await this.inCatalog(filter));
  }

  /** @throws as Securables.update */
  update(fullName: string, changes: SecurableChanges): Promise<Securable> {
    return this.securables.update({ kind: 'SCHEMA', fullName }, changes);
  }

  /** @throws as Containers.rename */
  rename(fullName: string, newName: string): Promise<Securable> {
    return this.containers.rename('SCHEMA', fullName, newName);
  }

  /** @throws as Containers.delete */
  delete(fullName: string): Promise<void> {
    return this.containers.delete('SCHEMA', fullName);
  }

  private async inCatalog({ catalog, nameContains }: SchemaFilter): Promise<ContainerFilter> {
    if (catalog == null) return { nameContains };
    const { id } = await this.securables.get({ kind: 'CATALOG', fullName: catalog });
    return { nameContains, parentId: id };
  }
}
