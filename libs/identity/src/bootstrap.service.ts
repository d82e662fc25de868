import { AccessSnapshots, builtInPrincipals, type Principal, PrincipalRepository } from '@app/access';
import { AuditLog } from '@app/audit';
import { actAs, FailedPrecondition, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { newToken } from './access-token.js';
import { AccessTokenRepository } from './access-token.repository.js';
import { tokenObject } from './access-token.service.js';
import { Administration } from './administration.js';
import { GroupRepository } from './group.repository.js';
import { principalObject } from './principal.service.js';

const adminName = 'admin';

/** The first administrator of an installation, made at its start, without a caller. */
@Injectable()
export class Bootstrap {
  constructor(
    private readonly administration: Administration,
    private readonly audit: AuditLog,
    private readonly groups: GroupRepository,
    private readonly principals: PrincipalRepository,
    private readonly snapshots: AccessSnapshots,
    private readonly tokens: AccessTokenRepository,
    private readonly transaction: Transaction,
  ) {}

  /**
   * When nobody who can act is in metastore-admins: makes the user `admin` a member, and gives it a token. Otherwise,
   * when a token is given and the user `admin` exists, makes sure that this token of it is valid. Idempotent; of two
   * processes at once, one creates. It acts, and is recorded, as the administrator itself.
   * @param token what BOOTSTRAP_ADMIN_TOKEN says; a random one is made when it is absent
   * @returns the token, only when an administrator was created
   * @throws FailedPrecondition when `admin` is no user, or the token belongs to somebody else
   */
  async bootstrapAdmin(token?: string): Promise<{ created: boolean; token?: string }> {
    return this.transaction.run(async () => {
      await this.administration.serialize();
      const found = await this.principals.byName(adminName);
      const admin = found ?? { id: uuidv7(), kind: 'USER' as const, name: adminName };
      return actAs(admin, async () => {
        if (await this.principals.canAct(builtInPrincipals.metastoreAdmins)) {
          if (token && found?.kind === 'USER') await this.ensureToken(found, token);
          return { created: false };
        }
        await this.makeAdministrator(await this.ensureUser(found, admin.id));
        const given = token ?? newToken();
        await this.ensureToken(admin, given);
        return { created: true, token: given };
      });
    });
  }

  private async ensureUser(found: Principal | undefined, id: string): Promise<Principal> {
    if (found && found.kind !== 'USER') {
      throw new FailedPrecondition(
        'ADMIN_NAME_TAKEN',
        `the first administrator must be a user with the name "${adminName}", but a ${found.kind} has it: delete it`,
      );
    }
    if (found?.disabledAt) {
      await this.principals.update(found.id, { ...found, disabledAt: null });
      await this.audit.record({ action: 'principal.enabled', object: principalObject(found), reason: 'bootstrap' });
    }
    if (found) return found;
    const user = { id, kind: 'USER', name: adminName, displayName: 'Administrator' } as const;
    const made = await this.principals.insert({ ...user, createdBy: id });
    if (!made) throw new Error('the user that is made under the lock is there already');
    await this.audit.record({
      action: 'principal.created',
      object: principalObject(made),
      after: { kind: user.kind, name: user.name, displayName: user.displayName },
      reason: 'bootstrap',
    });
    return made;
  }

  private async makeAdministrator(admin: Principal): Promise<void> {
    const added = await this.groups.add(builtInPrincipals.metastoreAdmins, admin.id, admin.id);
    await this.snapshots.changed();
    if (!added) return;
    const [group] = (await this.principals.hold([builtInPrincipals.metastoreAdmins])) as [Principal];
    await this.audit.record({
      action: 'group.member_added',
      object: principalObject(group),
      after: { member: admin.name, memberId: admin.id },
      reason: 'bootstrap',
    });
  }

  private async ensureToken(admin: Pick<Principal, 'id' | 'name'>, token: string): Promise<void> {
    const { id: principalId } = admin;
    const made = await this.tokens.insert(token, {
      principalId,
      name: 'bootstrap',
      expiresAt: null,
      createdBy: principalId,
    });
    const known = made ?? (await this.tokens.byToken(token));
    if (known?.principalId !== principalId) {
      throw new FailedPrecondition('TOKEN_TAKEN', 'BOOTSTRAP_ADMIN_TOKEN is a token of somebody else: set another one');
    }
    const usable = known.revokedAt === null && (known.expiresAt === null || known.expiresAt > new Date());
    if (!made && usable) return;
    if (!made) await this.tokens.restore(known.id);
    await this.audit.record({
      action: made ? 'access_token.created' : 'access_token.restored',
      object: tokenObject(known, admin),
      reason: 'bootstrap',
    });
  }
}
