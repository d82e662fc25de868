import {
  Access,
  type AccessExplanation,
  type AccessFacts,
  type AccessPath,
  Explainer,
  HiddenObject,
  nounOf,
  PrincipalRepository,
  type Privilege,
  type Securable,
  SecurableRepository,
} from '@app/access';
import { InvalidArgument, NotFound, type Page, type PageArgs } from '@app/platform';
import { parseAlias, parseStage, type Target } from '@app/policy';
import { Injectable } from '@nestjs/common';
import { AccessStateReader } from './access-state.reader.js';
import { DeletedPeriods } from './deleted-periods.reader.js';
import type { Holder } from './holder.js';
import { HolderReader } from './holder.reader.js';
import { pastInstant } from './instant.js';
import type { PastGrant, PastPolicy, PastSecurable } from './securable-state.js';
import { SecurableStateReader } from './securable-state.reader.js';

type Ref = Pick<Securable, 'kind' | 'fullName'>;

/**
 * The past, as the transitions and the audit trail tell it. Objects and principals are named as they are now. What held a
 * target is asked with the rights to read the model; everything else with READ_AUDIT on the object, where it stands now and
 * where it stood then.
 */
@Injectable()
export class History {
  constructor(
    private readonly access: Access,
    private readonly accessStates: AccessStateReader,
    private readonly deletedPeriods: DeletedPeriods,
    private readonly holderReader: HolderReader,
    private readonly principals: PrincipalRepository,
    private readonly securables: SecurableRepository,
    private readonly states: SecurableStateReader,
  ) {}

  /** What each target of a model was held by. Needs EXECUTE on it, or READ_AUDIT. @throws NotFound, PermissionDenied, InvalidArgument */
  async holders(fullName: string, at: Date, args: PageArgs): Promise<Page<Holder>> {
    const model = await this.readable(fullName);
    return this.holderReader.page(model.id, pastInstant(at, 'asOf'), args);
  }

  /** @throws as holders */
  async countHolders(fullName: string, at: Date): Promise<number> {
    const model = await this.readable(fullName);
    return this.holderReader.count(model.id, pastInstant(at, 'asOf'));
  }

  /** Needs EXECUTE. @returns undefined when nobody held it @throws NotFound, PermissionDenied, InvalidArgument */
  aliasHolder(fullName: string, alias: string, at: Date): Promise<Holder | undefined> {
    return this.holder(fullName, { kind: 'ALIAS', name: parseAlias(alias) }, at);
  }

  /** The same of a stage: of several versions, the highest number. None is held by nobody. @throws as aliasHolder */
  async stageHolder(fullName: string, stage: string, at: Date): Promise<Holder | undefined> {
    const name = parseStage(stage);
    if (name === 'None') {
      throw new InvalidArgument('stage: a version in None holds nothing: ask for Staging, Production or Archived', [
        'stage',
      ]);
    }
    return this.holder(fullName, { kind: 'STAGE', name }, at);
  }

  /**
   * A securable's name, owner and place. Needs READ_AUDIT.
   * @returns undefined when it did not exist yet
   * @throws NotFound, PermissionDenied; InvalidArgument for an instant that has not come yet; FailedPrecondition when events were deleted
   */
  async securable(ref: Ref, at: Date, field = 'at'): Promise<PastSecurable | undefined> {
    return (await this.audited(ref, pastInstant(at, field))).past;
  }

  /** The grants in force on it itself. @throws as securable */
  async grants(ref: Ref, at: Date, args: PageArgs): Promise<Page<PastGrant>> {
    const { now } = await this.audited(ref, pastInstant(at, 'at'));
    return this.states.grants(now, at, args);
  }

  /** @throws as securable */
  async countGrants(ref: Ref, at: Date): Promise<number> {
    const { now } = await this.audited(ref, pastInstant(at, 'at'));
    return this.states.countGrants(now, at);
  }

  /** What the policies on it itself said. @throws as securable */
  async policies(ref: Ref, at: Date): Promise<PastPolicy[]> {
    const { now } = await this.audited(ref, pastInstant(at, 'at'));
    return this.states.policies(now, at);
  }

  /** Why somebody might do something then, or might not. @returns undefined when the object did not exist @throws as securable */
  async explain(
    principalName: string,
    privilege: Privilege,
    ref: Ref,
    at: Date,
  ): Promise<{ facts: AccessFacts; explanation: AccessExplanation } | undefined> {
    const facts = await this.facts(principalName, ref, at);
    return facts && { facts, explanation: new Explainer(facts).explain(privilege) };
  }

  /** All that somebody might do then. @returns undefined when the object did not exist @throws as securable */
  async effective(
    principalName: string,
    ref: Ref,
    at: Date,
  ): Promise<
    { facts: AccessFacts; held: { privilege: Privilege; paths: AccessPath[]; isPartial: boolean }[] } | undefined
  > {
    const facts = await this.facts(principalName, ref, at);
    return facts && { facts, held: new Explainer(facts).effective() };
  }

  private async facts(principalName: string, ref: Ref, at: Date): Promise<AccessFacts | undefined> {
    const { now, past } = await this.audited(ref, pastInstant(at, 'asOf'));
    const principal = await this.principals.byName(principalName);
    if (!principal) throw new NotFound('Principal', principalName);
    return past && this.accessStates.facts(principal, now, past, at);
  }

  private async audited(ref: Ref, at: Date): Promise<{ now: Securable; past: PastSecurable | undefined }> {
    const { kind, fullName } = ref;
    const found = await this.securables.byFullName(kind, fullName);
    const { object: now } = await this.access.authorize('READ_AUDIT', found, kind, fullName);
    await this.deletedPeriods.demandNone(kind);
    const past = await this.states.at(now, at);
    const place = past && { securableId: past.id, schemaId: past.schemaId, catalogId: past.catalogId };
    // It may have stood where the caller reads no audit.
    if (place && kind === 'REGISTERED_MODEL' && !(await this.access.mayReadAudit(place))) {
      throw new HiddenObject(nounOf[kind], fullName, { privilege: 'READ_AUDIT', object: now });
    }
    return { now, past };
  }

  private async holder(fullName: string, target: Target, at: Date): Promise<Holder | undefined> {
    const found = await this.securables.byFullName('REGISTERED_MODEL', fullName);
    const { object } = await this.access.authorize('EXECUTE', found, 'REGISTERED_MODEL', fullName);
    return this.holderReader.holder(object.id, target, pastInstant(at, 'asOf'));
  }

  private async readable(fullName: string): Promise<Securable> {
    const found = await this.securables.byFullName('REGISTERED_MODEL', fullName);
    if (found && (await this.access.allowed('READ_AUDIT', found))) return found;
    return (await this.access.authorize('EXECUTE', found, 'REGISTERED_MODEL', fullName)).object;
  }
}
