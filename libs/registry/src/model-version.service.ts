import { Access, type Question, type Securable, SecurableRepository } from '@app/access';
import { ArtifactSeals } from '@app/artifacts';
import { AuditLog } from '@app/audit';
import { type Page, type PageArgs, Transaction } from '@app/platform';
import { type Stage, stages } from '@app/policy';
import { Injectable } from '@nestjs/common';
import { Holdings } from './holding.service.js';
import { auditedVersion, type ModelVersionOrder, type VersionView, versionNumber } from './model-version.js';
import { type Found, ModelVersionReader, type ModelVersionSearch } from './model-version.reader.js';
import { ModelVersionRepository } from './model-version.repository.js';
import { ModelNotFound, VersionNotFound } from './registry.errors.js';
import { description } from './text.js';

/** Versions by the full name of their model. Reading one needs EXECUTE. */
@Injectable()
export class ModelVersions {
  constructor(
    private readonly access: Access,
    private readonly audit: AuditLog,
    private readonly holdings: Holdings,
    private readonly reader: ModelVersionReader,
    private readonly seals: ArtifactSeals,
    private readonly securables: SecurableRepository,
    private readonly transaction: Transaction,
    private readonly versions: ModelVersionRepository,
  ) {}

  /** @throws NotFound, PermissionDenied, InvalidArgument */
  async get(fullName: string, number: number): Promise<VersionView> {
    versionNumber(number);
    const version = await this.readable(fullName, await this.reader.byNumber(fullName, number));
    if (!version) throw new VersionNotFound(fullName, number);
    return version;
  }

  /**
   * @returns undefined when the model has no such alias
   * @throws NotFound, PermissionDenied
   */
  async byAlias(fullName: string, alias: string): Promise<VersionView | undefined> {
    return this.readable(fullName, await this.reader.byAlias(fullName, alias));
  }

  /**
   * The version with the highest number.
   * @returns undefined when the model has none
   * @throws NotFound, PermissionDenied
   */
  async newest(fullName: string): Promise<VersionView | undefined> {
    return this.readable(fullName, await this.reader.newest(fullName));
  }

  /**
   * The newest version in each of the stages, those without one left out.
   * @throws NotFound, PermissionDenied
   */
  async latestByStage(fullName: string, wanted: readonly Stage[] = stages): Promise<VersionView[]> {
    return this.readable(fullName, await this.reader.latestByStage(fullName, wanted));
  }

  /** @throws NotFound, PermissionDenied, InvalidArgument */
  async list(
    fullName: string,
    { stage = null, ...paging }: { stage?: Stage | null; order: ModelVersionOrder; args: PageArgs },
  ): Promise<Page<VersionView>> {
    const { object: model } = await this.authorize('EXECUTE', fullName);
    return this.reader.page(model.id, { stage, ...paging });
  }

  /** @throws NotFound, PermissionDenied */
  async count(fullName: string, stage: Stage | null = null): Promise<number> {
    const { object: model } = await this.authorize('EXECUTE', fullName);
    return this.reader.count(model.id, stage);
  }

  /** May the caller read the versions of the model? */
  async isReadable(fullName: string): Promise<boolean> {
    const model = await this.securables.byFullName('REGISTERED_MODEL', fullName);
    return model !== undefined && this.access.allowed('EXECUTE', model);
  }

  /** Versions of all models that the caller has EXECUTE on, by MLflow's grammar. */
  async search(search: ModelVersionSearch): Promise<Page<VersionView>> {
    return this.reader.search(search, await this.access.where('EXECUTE', 'REGISTERED_MODEL', 's'));
  }

  /**
   * Needs MANAGE on the model, which the owner has.
   * @throws NotFound, PermissionDenied, InvalidArgument
   */
  async updateDescription(fullName: string, number: number, text: string | null): Promise<VersionView> {
    versionNumber(number);
    const { object: model } = await this.authorize('MANAGE', fullName);
    const after = description(text);
    return this.transaction.run(async () => {
      const version = await this.versions.lock(model.id, number);
      if (!version) throw new VersionNotFound(model.fullName, number);
      if (version.description !== after) {
        await this.versions.describe(version.id, after);
        await this.audit.record({
          action: 'model_version.updated',
          object: auditedVersion(model, version),
          before: { description: version.description },
          after: { description: after },
        });
      }
      return (await this.reader.byId(version.id)) as VersionView;
    });
  }

  /**
   * Deletes a version with its aliases. Its number is not given again. Needs MANAGE on the model.
   * @throws ProtectedTarget while the version holds a target that a policy protects; InProduction
   * @throws NotFound, PermissionDenied, InvalidArgument
   */
  async delete(fullName: string, number: number): Promise<void> {
    versionNumber(number);
    const { caller, object } = await this.authorize('MANAGE', fullName);
    await this.transaction.run(async () => {
      const model = await this.securables.lock(object.id);
      if (!model) throw new ModelNotFound(fullName);
      const version = await this.versions.lock(model.id, number);
      if (!version) throw new VersionNotFound(model.fullName, number);
      const held = await this.holdings.of(model.id, version.id);
      await this.holdings.requireDeletable(model, held);
      const occurredAt = await this.holdings.clear(model, held);
      await this.seals.unseal(version.id);
      await this.versions.delete(version.id);
      await this.securables.touch(model.id, caller.id);
      const { source, runId, stage, status, artifactDigest } = version;
      const aliases = held.filter(({ target }) => target.kind === 'ALIAS').map(({ target }) => target.name);
      await this.audit.record({
        action: 'model_version.deleted',
        object: auditedVersion(model, version),
        before: { source, runId, stage, status, artifactDigest, aliases },
        occurredAt,
      });
    });
  }

  /** The model and what was found below it came in one row: now the right to read it is asked, in memory. */
  private async readable<T>(fullName: string, row: Found<T> | undefined): Promise<T> {
    const object = row && { ...row.model, found: row.found };
    return (await this.access.authorize('EXECUTE', object, 'REGISTERED_MODEL', fullName)).object.found;
  }

  private async authorize(question: Question, fullName: string) {
    const model: Securable | undefined = await this.securables.byFullName('REGISTERED_MODEL', fullName);
    return this.access.authorize(question, model, 'REGISTERED_MODEL', fullName);
  }
}
