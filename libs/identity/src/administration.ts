import { Access, METASTORE_ID, PrincipalRepository, SecurableRepository } from '@app/access';
import { type Caller, FailedPrecondition } from '@app/platform';
import { Injectable } from '@nestjs/common';

/** What every change of users, groups and tokens of others has in common. */
@Injectable()
export class Administration {
  constructor(
    private readonly access: Access,
    private readonly principals: PrincipalRepository,
    private readonly securables: SecurableRepository,
  ) {}

  /** @throws PermissionDenied unless the caller has MANAGE on the metastore */
  async authorize(): Promise<Caller> {
    const metastore = await this.securables.byId(METASTORE_ID);
    return (await this.access.authorize('MANAGE', metastore, 'METASTORE', 'metastore')).caller;
  }

  /** Before any change of who is in which group, and who can act at all (PrincipalRepository.serializeMemberships). */
  serialize(): Promise<void> {
    return this.principals.serializeMemberships();
  }

  /**
   * Call after a change that takes somebody away, in its transaction.
   * @throws FailedPrecondition when nobody is left who can act as the owner of the metastore
   */
  async requireSomebodyInCharge(): Promise<void> {
    const metastore = await this.securables.byId(METASTORE_ID);
    if (metastore && (await this.principals.canAct(metastore.ownerId))) return;
    throw new FailedPrecondition(
      'LAST_ADMINISTRATOR',
      'nobody would be left who can act as the owner of the metastore: add another enabled user to its owners first',
    );
  }
}
