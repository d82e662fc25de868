import { type Caller, currentContext, NotFound } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { join, raw, type Sql } from 'sql-template-tag';
import { type AccessAbility, buildAbility, privilegesOn } from './ability.js';
import { HiddenObject, PermissionDenied, Unauthenticated } from './access.errors.js';
import { type AccessSnapshot, AccessSnapshots } from './access-snapshot.js';
import { type AuditedPlace, type Authority, allows, allowsAudit, type Question } from './decision.js';
import { auditPredicate, predicate } from './decision-sql.js';
import { shortfall } from './missing.js';
import type { Privilege } from './privilege.js';
import { nounOf, type Securable, type SecurableKind, type SecurablePath, securableKinds } from './securable.js';
import { SecurableRepository } from './securable.repository.js';

/** What every surface asks. Nothing is allowed that is not asked here. */
@Injectable()
export class Access {
  private readonly abilities = new WeakMap<AccessSnapshot, AccessAbility>();

  constructor(
    private readonly snapshots: AccessSnapshots,
    private readonly securables: SecurableRepository,
  ) {}

  /** @throws Unauthenticated when the request has no caller */
  caller(): Caller {
    const caller = currentContext()?.caller;
    if (!caller) throw new Unauthenticated();
    return caller;
  }

  /**
   * Demands a privilege on an object, and answers with who acts. `object` is undefined when the look-up found nothing:
   * the absent and the hidden take the same way and give the same answer.
   * @param name what the caller asked for, repeated in the answer
   * @param noun what the caller asked for, when it is something inside the object: "Run"
   * @throws NotFound when the object is absent, or the caller may not know of it
   * @throws PermissionDenied when the caller sees the object and lacks the privilege
   */
  async authorize<T extends Securable>(
    question: Question,
    object: T | undefined,
    kind: SecurableKind,
    name: string,
    noun = nounOf[kind],
  ): Promise<{ caller: Caller; object: T }> {
    const caller = this.caller();
    const authority = await this.ask(question);
    if (!object) throw new NotFound(noun, name);
    if (this.noted(allows(authority, question, object), question, object)) return { caller, object };
    const refusal = { privilege: question, object };
    if (question === 'DISCOVER' || !allows(authority, 'DISCOVER', object)) throw new HiddenObject(noun, name, refusal);
    throw new PermissionDenied(refusal, shortfall(authority, question, object));
  }

  /** The single check without an error. */
  async allowed(question: Question, object: SecurablePath): Promise<boolean> {
    return this.noted(allows(await this.ask(question), question, object), question, object);
  }

  /** The single check for somebody else than the caller: who may decide, who is eligible. No token narrows it. */
  async allowedFor(principalId: string, question: Question, object: SecurablePath): Promise<boolean> {
    return allows({ ability: await this.abilityOf(principalId) }, question, object);
  }

  /**
   * The list filter: a predicate over the row `alias` of `securables`, true exactly where `allowed` is. Put it into the
   * WHERE of the list itself, before LIMIT.
   */
  async where(question: Question, kind: SecurableKind, alias: string): Promise<Sql> {
    return predicate(await this.ask(question), question, kind, alias);
  }

  /** The list filter for a list of securables of every kind. */
  async whereOfAnyKind(question: Question, alias: string): Promise<Sql> {
    const authority = await this.ask(question);
    const kindIs = (kind: SecurableKind) => sql`${raw(`${alias}.kind`)} = ${kind}`;
    const alternatives = securableKinds.map(
      (kind) => sql`(${kindIs(kind)} AND ${predicate(authority, question, kind, alias)})`,
    );
    return sql`(${join(alternatives, ' OR ')})`;
  }

  /** May the caller read an audit event of this place? */
  async mayReadAudit(place: AuditedPlace): Promise<boolean> {
    return allowsAudit(await this.ask('READ_AUDIT'), place);
  }

  /** The list filter over the row `alias` of `audit_events`, true exactly where `mayReadAudit` is. */
  async whereMayReadAudit(alias: string): Promise<Sql> {
    return auditPredicate(await this.ask('READ_AUDIT'), alias);
  }

  /** What the caller may do on an object, for viewerCan. */
  async privilegesOn(object: Securable): Promise<Privilege[]> {
    const authority = await this.authority();
    return privilegesOn(object.kind).filter((privilege) => allows(authority, privilege, object));
  }

  /** The principal, its groups however nested, and everyone: whom a policy may name to mean this principal. */
  async identitiesOf(principalId: string): Promise<string[]> {
    return (await this.snapshots.of(principalId)).principalIds;
  }

  /**
   * Asks again what an earlier request of the caller was allowed, for its answer to be given once more. What is gone since is
   * nobody's to ask for.
   * @param allowed what the context of that request noted
   * @throws NotFound, PermissionDenied as that request would now
   */
  async authorizeAgain(allowed: readonly string[]): Promise<void> {
    const asked = allowed.map((entry) => entry.split(' ') as [Question, string]);
    const objects = await this.securables.byIds([...new Set(asked.map(([, id]) => id))]);
    for (const [question, id] of asked) {
      const object = objects.find((each) => each.id === id);
      if (object) await this.authorize(question, object, object.kind, object.fullName);
    }
  }

  private noted(allowed: boolean, question: Question, { id }: SecurablePath): boolean {
    if (allowed) currentContext()?.memo.allowed?.add(`${question} ${id}`);
    return allowed;
  }

  /** The caller's rights. That he asks is noted for the door, which holds each operation to the privileges that it declares. */
  private ask(question: Question): Promise<Authority> {
    currentContext()?.asked?.add(question);
    return this.authority();
  }

  /** The caller's rights, within the bounds of the token that he came with: what every question of his is about. */
  private async authority(): Promise<Authority> {
    const { id, narrowing } = this.caller();
    return { ability: await this.abilityOf(id), narrowing };
  }

  private async abilityOf(principalId: string): Promise<AccessAbility> {
    const snapshot = await this.snapshots.of(principalId);
    let ability = this.abilities.get(snapshot);
    if (!ability) {
      ability = buildAbility(snapshot);
      this.abilities.set(snapshot, ability);
    }
    return ability;
  }
}
