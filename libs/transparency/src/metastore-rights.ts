import { Access, METASTORE_ID, SecurableRepository } from '@app/access';
import { Injectable } from '@nestjs/common';

/** The log is one for all: its auditors and its managers are those of the metastore. */
@Injectable()
export class MetastoreRights {
  constructor(
    private readonly access: Access,
    private readonly securables: SecurableRepository,
  ) {}

  /** @throws NotFound, PermissionDenied without the privilege on the metastore */
  async require(privilege: 'READ_AUDIT' | 'MANAGE') {
    return this.access.authorize(privilege, await this.securables.byId(METASTORE_ID), 'METASTORE', 'metastore');
  }
}
