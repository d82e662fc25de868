import { Access, type Securable, SecurableRepository } from '@app/access';
import { ArtifactSeals } from '@app/artifacts';
import { AuditLog } from '@app/audit';
import { Config, DomainError, LOGGER, Outbox, Transaction } from '@app/platform';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import { auditedVersion, requireReady, type VersionView, versionName, versionNumber } from './model-version.js';
import { ModelVersionReader } from './model-version.reader.js';
import { ModelVersionRepository } from './model-version.repository.js';
import { checkedCopy, checkedRegistration, type NewModelVersion, type VersionNotes } from './registration.js';
import { ModelNotFound, VersionNotFound } from './registry.errors.js';
import { modelVersionRegistered } from './registry.events.js';
import type { Tag } from './tag.js';
import { TagRepository } from './tag.repository.js';
import { VersionFiles } from './version-files.js';
import { VersionRecords } from './version-records.js';

/** How versions come to be: a number, sealed files, a digest. */
@Injectable()
export class Registrations {
  constructor(
    private readonly access: Access,
    private readonly audit: AuditLog,
    private readonly config: Config,
    private readonly files: VersionFiles,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly outbox: Outbox,
    private readonly reader: ModelVersionReader,
    private readonly records: VersionRecords,
    private readonly seals: ArtifactSeals,
    private readonly securables: SecurableRepository,
    private readonly tags: TagRepository,
    private readonly transaction: Transaction,
    private readonly versions: ModelVersionRepository,
  ) {}

  /**
   * Registers files as the next version of a model, and seals them. Small ones are READY in the answer; of large ones
   * the worker computes the digest. Needs CREATE_MODEL_VERSION.
   * @throws NotFound, PermissionDenied, InvalidArgument
   */
  async register(input: NewModelVersion): Promise<VersionView> {
    const model = await this.authorizeModel('CREATE_MODEL_VERSION', input.model);
    const { row, tags } = checkedRegistration(input);
    const id = uuidv7();
    const number = await this.transaction.run(async () => {
      const given = await this.insert(model, { id, ...row }, tags);
      if (row.storagePath !== null) await this.outbox.add(modelVersionRegistered, { versionId: id });
      return given;
    });
    if (row.storagePath !== null) await this.completeNow(id, row.storagePath);
    return this.viewOf(model, { id, number });
  }

  /**
   * Registers the files of a READY version as the next version of another model, or of the same. Needs EXECUTE on the
   * original's model and CREATE_MODEL_VERSION on the copy's.
   * @throws NotFound, PermissionDenied, InvalidArgument, VersionNotReady
   */
  async copy(original: { model: string; number: number }, to: VersionNotes & { model: string }): Promise<VersionView> {
    versionNumber(original.number);
    const from = await this.authorizeModel('EXECUTE', original.model);
    const model = await this.authorizeModel('CREATE_MODEL_VERSION', to.model);
    const copyId = uuidv7();
    const number = await this.transaction.run(async () => {
      // Models before versions, as everybody locks them; two models in the order of their ids.
      for (const id of [from.id, model.id].sort()) await this.securables.lock(id);
      const copied = await this.versions.lock(from.id, original.number);
      if (!copied) throw new VersionNotFound(from.fullName, original.number);
      requireReady(copied);
      const { row, tags } = checkedCopy(copied, versionName(from.fullName, copied.number), to);
      const given = await this.insert(model, { id: copyId, ...row, copiedFromId: copied.id }, tags);
      await this.versions.copyContent(copied.id, copyId);
      return given;
    });
    return this.viewOf(model, { id: copyId, number });
  }

  /**
   * Records digest, files, signature and flavors of a version that waits for them, or why that cannot be. Asks no
   * rights: whoever registered it was allowed to. May be called again, and by two at once: the first one counts.
   */
  async complete(versionId: string): Promise<void> {
    const version = await this.records.byId(versionId);
    if (version?.status !== 'PENDING_REGISTRATION' || version.storagePath === null) return;
    const read = await this.files.read(version.storagePath);
    await this.transaction.run(async () => {
      const model = await this.securables.byId(version.modelId);
      if (!model) return;
      const object = auditedVersion(model, version);
      const before = { status: version.status };
      if (read instanceof DomainError) {
        if (!(await this.versions.fail(version.id, read.message))) return;
        const after = { status: 'FAILED_REGISTRATION' };
        await this.audit.record({ action: 'model_version.failed', object, before, after, reason: read.message });
        return;
      }
      const { manifest, content } = read;
      if (!(await this.versions.complete(version.id, manifest, content))) return;
      const { digest, size, files } = manifest;
      const after = { status: 'READY', artifactDigest: digest, artifactSize: size, files: files.length };
      await this.audit.record({ action: 'model_version.completed', object, before, after });
    });
  }

  /**
   * Completes a small registration at once. A failure here must not fail the request: the version is there already, a
   * client that tries again would register it twice, and the worker has the message.
   */
  private async completeNow(versionId: string, folder: string): Promise<void> {
    try {
      const bytes = await this.files.size(folder);
      if (bytes <= this.config.settings.INLINE_DIGEST_BYTES) await this.complete(versionId);
    } catch (error) {
      this.logger.error({ err: error, versionId }, 'a registration was left to the worker');
    }
  }

  /** Always the model's row first: whoever moves, renames or deletes the model takes the same lock. */
  private async insert(
    model: Securable,
    version: Omit<Parameters<ModelVersionRepository['insert']>[0], 'modelId' | 'createdBy'>,
    tags: Tag[],
  ): Promise<number> {
    const createdBy = this.access.caller().id;
    await this.securables.touch(model.id, createdBy);
    const number = await this.versions.insert({ ...version, modelId: model.id, createdBy });
    if (number === undefined) throw new ModelNotFound(model.fullName);
    await this.tags.insertAll('MODEL_VERSION', version.id, tags);
    const { id, storagePath, source, runId, namedRunId, loggedModelId, status, description } = version;
    if (storagePath !== null) await this.seals.seal(storagePath, { modelId: model.id, versionId: id });
    await this.audit.record({
      action: 'model_version.registered',
      object: auditedVersion(model, { id, number }),
      after: { status, source, runId, namedRunId, loggedModelId, description, tags },
    });
    return number;
  }

  private async authorizeModel(privilege: 'EXECUTE' | 'CREATE_MODEL_VERSION', fullName: string): Promise<Securable> {
    const model = await this.securables.byFullName('REGISTERED_MODEL', fullName);
    return (await this.access.authorize(privilege, model, 'REGISTERED_MODEL', fullName)).object;
  }

  private async viewOf(model: Securable, { id, number }: { id: string; number: number }): Promise<VersionView> {
    const view = await this.reader.byId(id);
    if (!view) throw new VersionNotFound(model.fullName, number);
    return view;
  }
}
