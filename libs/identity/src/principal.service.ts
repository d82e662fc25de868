import {
  Access,
  AccessSnapshots,
  type Principal,
  type PrincipalKind,
  PrincipalRepository,
  principalName,
} from '@app/access';
import { AuditLog, type AuditObject } from '@app/audit';
import {
  AlreadyExists,
  type Caller,
  FailedPrecondition,
  InvalidArgument,
  NotFound,
  type Page,
  type PageArgs,
  Transaction,
} from '@app/platform';
import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Administration } from './administration.js';
import { checkedDisplayName, nounOfPrincipal } from './principal.js';
import { type PrincipalFilter, PrincipalReader, principalsThat } from './principal.reader.js';
import { SessionRepository } from './session.repository.js';

const mostNames = 1000;

export interface PrincipalInput {
  name: string;
  displayName?: string | null;
}

/**
 * Users, service principals and groups. Every authenticated caller may read them, since reviewers must be able to name
 * people; to change them needs MANAGE on the metastore. A name is never changed: it is what the audit trail calls people.
 */
@Injectable()
export class Principals {
  constructor(
    private readonly access: Access,
    private readonly administration: Administration,
    private readonly audit: AuditLog,
    private readonly principals: PrincipalRepository,
    private readonly reader: PrincipalReader,
    private readonly sessions: SessionRepository,
    private readonly snapshots: AccessSnapshots,
    private readonly transaction: Transaction,
  ) {}

  /** @throws InvalidArgument for a wrong name; AlreadyExists when a user, service principal or group has it */
  createUser(input: PrincipalInput): Promise<Principal> {
    return this.create('USER', input);
  }

  /** @throws as createUser */
  createServicePrincipal(input: PrincipalInput): Promise<Principal> {
    return this.create('SERVICE_PRINCIPAL', input);
  }

  /** @throws as createUser */
  createGroup(input: PrincipalInput): Promise<Principal> {
    return this.create('GROUP', input);
  }

  /**
   * Changes the name that people are shown; the same once more changes nothing. Of a built-in principal too.
   * @throws NotFound, InvalidArgument
   */
  async update(id: string, input: { displayName: string | null }): Promise<Principal> {
    await this.administration.authorize();
    const displayName = checkedDisplayName(input.displayName);
    return this.transaction.run(async () => {
      const before = await this.locked(id);
      if (before.displayName === displayName) return before;
      return this.change('principal.updated', before, { ...before, displayName });
    });
  }

  /**
   * From the next request on, its tokens are refused and it holds nothing. Its tokens, grants and memberships stay; its
   * sessions end.
   * @throws NotFound; InvalidArgument for a group; FailedPrecondition for oneself, a built-in principal, or the last one
   *   who can act as the owner of the metastore
   */
  async disable(id: string): Promise<Principal> {
    const caller = await this.administration.authorize();
    return this.transaction.run(async () => {
      await this.administration.serialize();
      const before = await this.locked(id);
      requireDispensable(caller, before, 'disabled');
      if (before.kind === 'GROUP') {
        throw new InvalidArgument(`id: "${before.name}" is a group, which cannot be disabled: remove its members`, [
          'id',
        ]);
      }
      if (before.disabledAt) return before;
      await this.sessions.deleteOf(id);
      const disabled = await this.change('principal.disabled', before, { ...before, disabledAt: new Date() });
      await this.administration.requireSomebodyInCharge();
      return disabled;
    });
  }

  /** Undoes `disable`. @throws NotFound */
  async enable(id: string): Promise<Principal> {
    await this.administration.authorize();
    return this.transaction.run(async () => {
      const before = await this.locked(id);
      return before.disabledAt ? this.change('principal.enabled', before, { ...before, disabledAt: null }) : before;
    });
  }

  /**
   * Deletes a principal with its tokens, memberships and grants. What it did stays in the audit trail under its name.
   * @throws NotFound; FailedPrecondition for oneself, a built-in principal, the last one in charge of the metastore, and
   *   while it owns anything
   */
  async delete(id: string): Promise<void> {
    const caller = await this.administration.authorize();
    await this.transaction.run(async () => {
      await this.administration.serialize();
      const principal = await this.locked(id);
      requireDispensable(caller, principal, 'deleted');
      await this.requireOwnsNothing(principal);
      const { kind, name, displayName } = principal;
      const before = { kind, name, displayName, ...(await this.reader.heldBy(id)) };
      await this.principals.delete(id);
      await this.administration.requireSomebodyInCharge();
      await this.snapshots.changed();
      await this.audit.record({ action: 'principal.deleted', object: principalObject(principal), before });
    });
  }

  /** @throws NotFound */
  async get(id: string): Promise<Principal> {
    this.access.caller();
    const principal = await this.principals.byId(id);
    if (!principal) throw new NotFound('Principal', id);
    return principal;
  }

  /** Ignores case. @throws NotFound */
  async byName(name: string): Promise<Principal> {
    this.access.caller();
    const principal = await this.principals.byName(name);
    if (!principal) throw new NotFound('Principal', name);
    return principal;
  }

  /**
   * Several by name, in one statement and in their order.
   * @throws NotFound naming the first that is unknown; InvalidArgument for more than 1,000
   */
  async byNames(names: readonly string[]): Promise<Principal[]> {
    this.access.caller();
    if (names.length > mostNames)
      throw new InvalidArgument(`names: ${names.length} are more than ${mostNames}`, ['names']);
    return this.principals.hold(names);
  }

  /** Those that exist, in any order: for loaders. */
  async byIds(ids: readonly string[]): Promise<Principal[]> {
    this.access.caller();
    return this.principals.byIds(ids);
  }

  /** By name. */
  async list(filter: PrincipalFilter, args: PageArgs): Promise<Page<Principal>> {
    this.access.caller();
    return this.reader.page(principalsThat(filter), args);
  }

  async count(filter: PrincipalFilter): Promise<number> {
    this.access.caller();
    return this.reader.count(principalsThat(filter));
  }

  private async create(kind: PrincipalKind, input: PrincipalInput): Promise<Principal> {
    const caller = await this.administration.authorize();
    const name = principalName(input.name);
    const displayName = checkedDisplayName(input.displayName ?? null);
    return this.transaction.run(async () => {
      const made = await this.principals.insert({ id: uuidv7(), kind, name, displayName, createdBy: caller.id });
      if (!made) throw new AlreadyExists('Principal', name);
      await this.audit.record({
        action: 'principal.created',
        object: principalObject(made),
        after: { kind, name, displayName },
      });
      return made;
    });
  }

  private async locked(id: string): Promise<Principal> {
    const principal = await this.principals.lock(id);
    if (!principal) throw new NotFound('Principal', id);
    return principal;
  }

  private async change(action: string, before: Principal, after: Principal): Promise<Principal> {
    await this.principals.update(before.id, after);
    if (before.disabledAt !== after.disabledAt) await this.snapshots.changed();
    const told = ({ displayName, disabledAt }: Principal) => ({ displayName, disabledAt });
    await this.audit.record({ action, object: principalObject(before), before: told(before), after: told(after) });
    return after;
  }

  private async requireOwnsNothing({ id, kind, name }: Principal): Promise<void> {
    const { count, names } = await this.reader.ownedBy(id);
    if (count === 0) return;
    const more = count - names.length;
    const owned = [...names.map((fullName) => `"${fullName}"`), ...(more > 0 ? [`${more} more`] : [])].join(', ');
    throw new FailedPrecondition(
      'OWNS_SECURABLES',
      `${nounOfPrincipal[kind]} "${name}" still owns ${owned}: give them another owner first`,
      { count, names },
    );
  }
}

/** What an audit event says of a principal. It stands on the metastore. */
export const principalObject = ({ id, name }: Pick<Principal, 'id' | 'name'>): AuditObject => ({
  kind: 'PRINCIPAL',
  id,
  name,
  within: null,
});

function requireDispensable(caller: Caller, { id, name, builtIn }: Principal, what: 'disabled' | 'deleted'): void {
  if (builtIn) throw new FailedPrecondition('BUILT_IN', `"${name}" is built in, and cannot be ${what}`);
  if (id === caller.id) {
    throw new FailedPrecondition('OWN_ACCOUNT', `"${name}" is yourself: another administrator must do this`);
  }
}
