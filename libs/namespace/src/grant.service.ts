import {
  Access,
  AccessSnapshots,
  HiddenObject,
  nounOf,
  type Principal,
  PrincipalRepository,
  type Securable,
  SecurableRepository,
} from '@app/access';
import { AuditLog } from '@app/audit';
import { InvalidArgument, NotFound, type Page, type PageArgs, Transaction, throwAll } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import { validate as isUuid } from 'uuid';
import {
  type Grant,
  type GrantChanges,
  type GrantInput,
  missing,
  mistakes,
  type PlacedChange,
  repeated,
  requireRevision,
} from './grant.js';
import { GrantReader, grantedOn, inheritedBy } from './grant.reader.js';
import { GrantRepository, type NewGrant } from './grant.repository.js';
import { grantEvents } from './grant-events.js';
import type { SecurableRef } from './securable-ref.js';

const maxChanges = 100;

export interface UpdatedGrants {
  /** Every grant of `add`, as it is now. */
  granted: Grant[];
  /** Those that were removed: what was gone already is not among them. */
  revoked: Grant[];
  /** The object with the revision that its grants have now. */
  securable: Securable;
}

/** Where a change stands in the input of a batch. */
const inBatch = (list: string, index: number, field: string): string[] => [list, String(index), field];

/** Who holds what on which object. To change it needs MANAGE there. Who has that or READ_AUDIT sees all grants, others their own. */
@Injectable()
export class Grants {
  constructor(
    private readonly access: Access,
    private readonly audit: AuditLog,
    private readonly grants: GrantRepository,
    private readonly principals: PrincipalRepository,
    private readonly reader: GrantReader,
    private readonly securables: SecurableRepository,
    private readonly snapshots: AccessSnapshots,
    private readonly transaction: Transaction,
  ) {}

  /**
   * Grants a privilege. When it is granted already, the answer is that grant, with the expiry that is given now.
   * @throws NotFound, PermissionDenied; InvalidArgument when the privilege does not fit the object, or the expiry is past
   */
  async grant({ securable, ...input }: GrantInput & { securable: SecurableRef }): Promise<Grant> {
    const { granted } = await this.change(securable, { add: [input] }, (_list, _index, field) => [field]);
    return granted[0] as Grant;
  }

  /** Revokes a grant, from the next request on. @throws NotFound when it is absent or hidden; PermissionDenied */
  async revoke(id: string): Promise<Grant> {
    const grant = await this.get(id);
    const { privilege, principalId } = grant;
    const { revoked } = await this.update(grant.securable, { remove: [{ principal: principalId, privilege }] });
    return revoked[0] ?? grant;
  }

  /**
   * Adds and removes grants on one object, all or none. What is there already, or gone already, stays as it is.
   * @throws Conflict when the grants are at another revision than the expected one
   * @throws as grant, for every change that is wrong, each with its path; InvalidArgument when a grant is named twice, or
   *   more than 100 are
   */
  update(ref: SecurableRef, changes: GrantChanges): Promise<UpdatedGrants> {
    return this.change(ref, changes, inBatch);
  }

  private async change(
    ref: SecurableRef,
    { add = [], remove = [], expectedRevision = null }: GrantChanges,
    placeOf: typeof inBatch,
  ): Promise<UpdatedGrants> {
    const found = await this.securables.byFullName(ref.kind, ref.fullName);
    const { caller, object } = await this.access.authorize('MANAGE', found, ref.kind, ref.fullName);
    if (add.length + remove.length > maxChanges) {
      throw new InvalidArgument(
        `add, remove: ${add.length + remove.length} grants are more than ${maxChanges}: send them in several calls`,
        ['add'],
      );
    }
    const placed = (list: string, change: GrantInput, index: number): PlacedChange => ({
      change,
      pathTo: (field) => placeOf(list, index, field),
    });
    const changes = [
      ...add.map((change, index) => placed('add', change, index)),
      ...remove.map(({ principal, privilege }, index) => placed('remove', { principal, privilege }, index)),
    ];
    throwAll(changes.flatMap((change) => mistakes(change, object)));

    return this.transaction.run(async () => {
      // Principals first, then the object: the order in which whoever deletes a principal takes them.
      const principals = await this.held(changes);
      // One after the other on one object: what is told as "before" was so.
      const securable = await this.securables.lock(object.id);
      if (!securable) throw new NotFound(nounOf[ref.kind], ref.fullName);
      requireRevision(securable, expectedRevision);
      const keys = changes.map(({ change, pathTo }, index) => ({
        change,
        pathTo,
        privilege: change.privilege,
        principalId: (principals[index] as Principal).id,
        expiresAt: change.expiresAt ?? null,
      }));
      throwAll(repeated(keys));
      const wanted = { add: keys.slice(0, add.length), remove: keys.slice(add.length) };
      return this.write(securable, wanted, principals, caller.id);
    });
  }

  private async write(
    securable: Securable,
    { add, remove }: { add: readonly NewGrant[]; remove: readonly NewGrant[] },
    principals: readonly Principal[],
    grantedBy: string,
  ): Promise<UpdatedGrants> {
    const before = await this.named(securable, [...add, ...remove]);
    const revoked = before.filter((grant) => remove.some((key) => isOf(grant, key)));
    const written = missing(add, before);
    if (written.length + revoked.length === 0) return { granted: inOrder(add, before), revoked, securable };

    await this.grants.clearExpired(securable.id);
    if (written.length > 0) await this.grants.put(securable.id, written, grantedBy);
    if (revoked.length > 0) await this.grants.delete(revoked.map(({ id }) => id));
    const granted = await this.named(securable, add);
    await this.snapshots.changed();
    const changed = granted.filter((grant) => written.some((key) => isOf(grant, key)));
    await this.audit.recordAll(grantEvents(securable, principals, { before, changed, revoked }));
    const now = (await this.securables.byId(securable.id)) as Securable;
    return { granted: inOrder(add, granted), revoked, securable: now };
  }

  /** @throws NotFound when it is absent, has expired, or is one that the caller may not read */
  async get(id: string): Promise<Grant> {
    this.access.caller();
    const found = isUuid(id) ? await this.reader.byId(id) : undefined;
    if (!found) throw new NotFound('Grant', id);
    if (!found.readable) throw new HiddenObject('Grant', id, { privilege: 'MANAGE', object: found.object });
    return found.grant;
  }

  /**
   * What a principal was granted on the object itself.
   * @throws NotFound; PermissionDenied about another principal, without MANAGE and READ_AUDIT
   */
  async directly(ref: SecurableRef, principalName: string) {
    const securable = await this.discovered(ref);
    const principal = await this.principals.byName(principalName);
    if (!principal) throw new NotFound('Principal', principalName);
    const isOwn = principal.id === this.access.caller().id;
    if (!isOwn && !(await this.access.allowed('READ_AUDIT', securable))) {
      await this.access.authorize('MANAGE', securable, ref.kind, ref.fullName);
    }
    const grants = await this.reader.all(sql`${grantedOn(securable)} AND g.principal_id = ${principal.id}::uuid`);
    return { principal, securable, grants };
  }

  /** The grants on the object itself, in the order in which they were made. @throws NotFound */
  async list(ref: SecurableRef, args: PageArgs): Promise<Page<Grant>> {
    const object = await this.discovered(ref);
    return this.reader.page(sql`${grantedOn(object)} AND ${await this.reader.readableOn(object)}`, args);
  }

  async count(ref: SecurableRef): Promise<number> {
    const object = await this.discovered(ref);
    return this.reader.count(sql`${grantedOn(object)} AND ${await this.reader.readableOn(object)}`);
  }

  /** The grants on the containers above the object that have a meaning on it; `inheritedFrom` names the container. @throws NotFound */
  async inherited(ref: SecurableRef, args: PageArgs): Promise<Page<Grant>> {
    const object = await this.discovered(ref);
    return this.reader.page(sql`${inheritedBy(object)} AND ${await this.reader.readableOn(object)}`, args, true);
  }

  async countInherited(ref: SecurableRef): Promise<number> {
    const object = await this.discovered(ref);
    return this.reader.count(sql`${inheritedBy(object)} AND ${await this.reader.readableOn(object)}`);
  }

  /** The grants to a principal itself, as far as the caller may read them where they are. @throws NotFound */
  async ofPrincipal(principalId: string, args: PageArgs): Promise<Page<Grant>> {
    return this.reader.page(await this.heldBy(principalId), args);
  }

  async countOfPrincipal(principalId: string): Promise<number> {
    return this.reader.count(await this.heldBy(principalId));
  }

  /** The principals of the changes, in their order, kept from being deleted. @throws NotFound for every one that is unknown */
  private async held(changes: readonly PlacedChange[]): Promise<Principal[]> {
    const found = await this.principals.holdKnown(changes.map(({ change }) => change.principal));
    throwAll(
      changes.flatMap(({ change, pathTo }, index) =>
        found[index] ? [] : [new NotFound('Principal', change.principal, pathTo('principal'))],
      ),
    );
    return found as Principal[];
  }

  private async discovered({ kind, fullName }: SecurableRef): Promise<Securable> {
    const found = await this.securables.byFullName(kind, fullName);
    return (await this.access.authorize('DISCOVER', found, kind, fullName)).object;
  }

  private async heldBy(principalId: string) {
    this.access.caller();
    const principal = await this.principals.byId(principalId);
    if (!principal) throw new NotFound('Principal', principalId);
    return sql`g.principal_id = ${principal.id}::uuid AND ${await this.reader.readableAnywhere()}`;
  }

  private named(object: Securable, keys: readonly Pick<Grant, 'principalId' | 'privilege'>[]): Promise<Grant[]> {
    return this.reader.all(sql`${grantedOn(object)} AND (g.principal_id, g.privilege) IN (
      SELECT * FROM unnest(${keys.map((key) => key.principalId)}::uuid[], ${keys.map((key) => key.privilege)}::text[]))`);
  }
}

const isOf = (grant: Grant, key: Pick<Grant, 'principalId' | 'privilege'>): boolean =>
  grant.principalId === key.principalId && grant.privilege === key.privilege;

/** The grants of the given keys, in the order of the keys. */
const inOrder = (keys: readonly Pick<Grant, 'principalId' | 'privilege'>[], grants: readonly Grant[]): Grant[] =>
  keys.map((key) => grants.find((grant) => isOf(grant, key)) as Grant);
