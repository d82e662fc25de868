import { Access, METASTORE_ID, type Securable, SecurableRepository } from '@app/access';
import { Injectable } from '@nestjs/common';
import { Securables } from './securable.service.js';

/** The root of all names: one for each installation. */
@Injectable()
export class Metastore {
  constructor(
    private readonly access: Access,
    private readonly repository: SecurableRepository,
    private readonly securables: Securables,
  ) {}

  /** Every authenticated caller may see it. */
  async get(): Promise<Securable> {
    this.access.caller();
    const metastore = await this.repository.byId(METASTORE_ID);
    if (!metastore) throw new Error('the metastore is part of the first migration');
    return metastore;
  }

  /**
   * Gives the installation another owner. Needs MANAGE on it.
   * @throws PermissionDenied, NotFound; FailedPrecondition when nobody enabled could act as the new owner
   */
  async transferOwnership(owner: string): Promise<Securable> {
    return this.securables.transferOwnership(await this.get(), owner);
  }
}
