import { Access, type Securable, SecurableRepository } from '@app/access';
import { AuditLog, type NewAuditEvent } from '@app/audit';
import { InvalidArgument, Transaction } from '@app/platform';
import { Policies, parseAlias, parseStage, type Stage, type Target } from '@app/policy';
import { Injectable } from '@nestjs/common';
import { auditedVersion, type ModelVersion, requireReady, type VersionView, versionNumber } from './model-version.js';
import { ModelVersionReader } from './model-version.reader.js';
import { ModelVersionRepository } from './model-version.repository.js';
import { ModelNotFound, VersionNotFound } from './registry.errors.js';
import { TargetRepository } from './target.repository.js';
import {
  activeStages,
  type PlannedMove,
  type ProspectiveMove,
  stageTransition,
  type TargetMove,
  touchedTargets,
} from './target-move.js';
import { plainText } from './text.js';
import type { NewTransition } from './transition.js';
import { TransitionRepository } from './transition.repository.js';

/**
 * Aliases and stages. Every move runs under the lock of the model: two at once come one after the other. A move that
 * changes nothing leaves no trace.
 */
@Injectable()
export class Targets {
  constructor(
    private readonly access: Access,
    private readonly audit: AuditLog,
    private readonly policies: Policies,
    private readonly reader: ModelVersionReader,
    private readonly securables: SecurableRepository,
    private readonly targets: TargetRepository,
    private readonly transaction: Transaction,
    private readonly transitions: TransitionRepository,
    private readonly versions: ModelVersionRepository,
  ) {}

  /**
   * Points an alias at a version. Needs SET_ALIAS.
   * @throws NotFound, PermissionDenied, InvalidArgument
   * @throws ProtectedTarget when a policy protects the alias; VersionNotReady
   */
  async setAlias(fullName: string, alias: string, number: number): Promise<VersionView> {
    const target = { kind: 'ALIAS', name: parseAlias(alias) } as const;
    return this.moveDirectly(fullName, number, { target, archiveIncumbent: false });
  }

  /**
   * Removes an alias. Needs SET_ALIAS.
   * @returns false when there was no such alias
   * @throws NotFound, PermissionDenied, InvalidArgument, ProtectedTarget
   */
  async deleteAlias(fullName: string, alias: string): Promise<boolean> {
    const target = { kind: 'ALIAS', name: parseAlias(alias) } as const;
    const { object } = await this.authorize(fullName);
    return this.transaction.run(async () => {
      const model = await this.lock(object);
      const incumbent = await this.targets.holder(model.id, target);
      if (!incumbent) return false;
      await this.policies.requireUnprotected(model, target);
      await this.targets.deleteAlias(model.id, target.name);
      const occurredAt = await this.finish({ model }, [
        { target, versionNumber: null, replacedVersionNumber: incumbent.number, fromStage: null, toStage: null },
      ]);
      const before = { alias: target.name, version: incumbent.number };
      await this.recordAlias('model_alias.deleted', model, target.name, { before, occurredAt });
      return true;
    });
  }

  /**
   * Moves a version to a stage; with `archiveExisting` every other version in that stage is archived. Needs SET_ALIAS.
   * @throws NotFound, PermissionDenied, InvalidArgument
   * @throws ProtectedTarget when a policy protects a stage that gains or loses a version by it; VersionNotReady
   */
  async transitionStage(
    fullName: string,
    number: number,
    stage: string,
    archiveExisting: boolean,
    reason?: string | null,
  ): Promise<VersionView> {
    const name = parseStage(stage);
    if (archiveExisting && !activeStages.includes(name)) {
      const field = 'archive_existing_versions';
      throw new InvalidArgument(
        `${field}: versions in ${name} cannot be archived by this: it goes with ${activeStages.join(' and ')}`,
        [field],
      );
    }
    const target = { kind: 'STAGE', name } as const;
    const why = reason ? plainText(reason, 'comment', 5000) : null;
    return this.moveDirectly(fullName, number, { target, archiveIncumbent: archiveExisting, reason: why });
  }

  /** Who holds the target now: of a stage with several versions the newest, as `models:/name/Production` means. No rights are asked. */
  holder(modelId: string, target: Target): Promise<ModelVersion | undefined> {
    return this.targets.holder(modelId, target);
  }

  /** The version that held the target directly before the one that holds it now. No rights are asked. */
  async previousHolder(modelId: string, target: Target): Promise<ModelVersion | undefined> {
    const holder = await this.targets.holder(modelId, target);
    const number = await this.transitions.previousHolder(modelId, target, holder?.number ?? null);
    return number === undefined ? undefined : this.targets.byNumber(modelId, number);
  }

  /** Every target that would gain or lose a holder by a move, as things stand now. No rights are asked. */
  async touchedBy({ model, target, version, archiveIncumbent }: ProspectiveMove): Promise<Target[]> {
    const incumbent = await this.targets.holder(model.id, target);
    const archived = await this.toArchive({ model, target, version, archiveIncumbent });
    return touchedTargets({ target, version, incumbent, archived });
  }

  /**
   * Moves a target, asking neither rights nor policies: for the promotion that has done so. Call it in the transaction
   * that decides; the model is locked by it until then.
   * @throws NotFound when the model or the version is gone; VersionNotReady
   */
  async move(move: TargetMove): Promise<void> {
    await this.transaction.run(async () => this.apply(await this.plan(move)));
  }

  private async moveDirectly(
    fullName: string,
    number: number,
    asked: Pick<TargetMove, 'target' | 'archiveIncumbent' | 'reason'>,
  ) {
    versionNumber(number);
    const { object: model } = await this.authorize(fullName);
    return this.transaction.run(async () => {
      const planned = await this.plan({ ...asked, model, version: { number } });
      for (const touched of touchedTargets(planned)) {
        await this.policies.requireUnprotected(planned.model, touched, { target: asked.target, version: number });
      }
      await this.apply(planned);
      return (await this.reader.byId(planned.version.id)) as VersionView;
    });
  }

  private async authorize(fullName: string) {
    const model = await this.securables.byFullName('REGISTERED_MODEL', fullName);
    return this.access.authorize('SET_ALIAS', model, 'REGISTERED_MODEL', fullName);
  }

  private async lock(model: Securable): Promise<Securable> {
    const locked = await this.securables.lock(model.id);
    if (!locked) throw new ModelNotFound(model.fullName);
    return locked;
  }

  private async plan(move: TargetMove): Promise<PlannedMove> {
    const { target } = move;
    const model = await this.lock(move.model);
    const version = await this.versions.lock(model.id, move.version.number);
    if (!version) throw new VersionNotFound(model.fullName, move.version.number);
    requireReady(version);
    const incumbent = await this.targets.holder(model.id, target);
    const archived = await this.toArchive({ ...move, model, version });
    return { ...move, model, version, incumbent, archived };
  }

  private async toArchive({ model, target, version, archiveIncumbent }: ProspectiveMove): Promise<ModelVersion[]> {
    const archives = archiveIncumbent && target.kind === 'STAGE' && target.name !== 'Archived';
    return archives ? this.targets.inStageBeside(model.id, target.name, version.id) : [];
  }

  private async apply(move: PlannedMove): Promise<void> {
    if (move.target.kind === 'ALIAS') await this.applyAlias(move, move.target.name);
    else await this.applyStage(move, move.target.name);
  }

  private async applyAlias(move: PlannedMove, alias: string): Promise<void> {
    const { model, target, version, incumbent } = move;
    if (incumbent?.id === version.id) return;
    await this.targets.setAlias(model.id, alias, version.id, this.access.caller().id);
    const occurredAt = await this.finish(move, [
      {
        target,
        versionNumber: version.number,
        replacedVersionNumber: incumbent?.number ?? null,
        fromStage: null,
        toStage: null,
      },
    ]);
    await this.recordAlias('model_alias.set', model, alias, {
      before: incumbent && { alias, version: incumbent.number },
      after: { alias, version: version.number, promotionRequestId: move.promotionRequestId ?? undefined },
      reason: move.reason,
      occurredAt,
    });
  }

  private async applyStage(move: PlannedMove, stage: Stage): Promise<void> {
    const { version, incumbent, archived } = move;
    const moved = version.stage === stage ? [] : [version];
    if (moved.length + archived.length === 0) return;
    const toArchive = archived.map(({ id }) => id);
    if (toArchive.length > 0) await this.targets.setStage(toArchive, 'Archived');
    if (moved.length > 0) await this.targets.setStage([version.id], stage);
    const occurredAt = await this.finish(move, [
      ...archived.map((each) => stageTransition(each, 'Archived', null)),
      ...moved.map((each) => stageTransition(each, stage, incumbent?.number ?? null)),
    ]);
    await this.audit.recordAll([
      ...archived.map((each) => stageEvent({ ...move, occurredAt }, each, 'Archived')),
      ...moved.map((each) => stageEvent({ ...move, occurredAt }, each, stage)),
    ]);
  }

  private async finish(
    move: Pick<TargetMove, 'model' | 'promotionRequestId' | 'breakGlass' | 'reason'>,
    moves: NewTransition[],
  ): Promise<Date | undefined> {
    const { model, promotionRequestId, breakGlass, reason } = move;
    const actorId = this.access.caller().id;
    const occurredAt = await this.transitions.insertAll(
      { model, actorId, promotionRequestId, breakGlass, reason },
      moves,
    );
    await this.securables.touch(model.id, actorId);
    return occurredAt;
  }

  private recordAlias(
    action: string,
    model: Securable,
    alias: string,
    change: Pick<NewAuditEvent, 'before' | 'after' | 'reason' | 'occurredAt'>,
  ): Promise<void> {
    const name = `${model.fullName}@${alias}`;
    const object = { kind: 'REGISTERED_MODEL', id: model.id, name, within: model } as const;
    return this.audit.record({ action, object, ...change });
  }
}

const stageEvent = (
  { model, promotionRequestId, reason, occurredAt }: TargetMove & Pick<NewAuditEvent, 'occurredAt'>,
  version: ModelVersion,
  stage: Stage,
): NewAuditEvent => ({
  action: 'model_version.stage_transitioned',
  object: auditedVersion(model, version),
  before: { stage: version.stage },
  after: { stage, promotionRequestId: promotionRequestId ?? undefined },
  reason: reason ?? null,
  occurredAt,
});
