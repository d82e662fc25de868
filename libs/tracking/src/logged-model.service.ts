import { randomUUID } from 'node:crypto';
import { Access, type Securable } from '@app/access';
import { AuditLog, type AuditObject } from '@app/audit';
import { InvalidArgument, NotFound, type Page, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { belowLocation, demandActive } from './experiment.js';
import { ExperimentRepository } from './experiment.repository.js';
import { type LoggedModel, type LoggedModelDetails, type LoggedModelStatus, loggedModelName } from './logged-model.js';
import { LoggedModelReader, type LoggedModelSearch } from './logged-model.reader.js';
import { LoggedModelRepository } from './logged-model.repository.js';
import type { Param } from './run.js';
import { randomName } from './run-name.js';
import { checkedTags, dataKey, limits, type Tag, withinLength } from './tag.js';
import { TrackingAccess } from './tracking-access.js';

export interface NewLoggedModel {
  experimentId: string;
  name?: string;
  modelType?: string;
  sourceRunId?: string;
  params?: Param[];
  tags?: Tag[];
}

const auditObject = ({ id, name }: LoggedModel, within: Securable): AuditObject => ({
  kind: 'LOGGED_MODEL',
  id,
  name,
  within,
});

function checkedParams(params: readonly Param[]): readonly Param[] {
  for (const [index, { key, value }] of params.entries()) {
    withinLength(dataKey(key, `params[${index}].key`), limits.key, `params[${index}].key`);
    withinLength(value, limits.paramValue, `params[${index}].value`);
  }
  return params;
}

/**
 * MLflow 3's logged models: READ on the experiment sees them, EDIT writes them. Their params and tags are data of the
 * training, like those of a run, and no events of the audit trail.
 */
@Injectable()
export class LoggedModels {
  constructor(
    private readonly access: Access,
    private readonly guard: TrackingAccess,
    private readonly experiments: ExperimentRepository,
    private readonly models: LoggedModelRepository,
    private readonly reader: LoggedModelReader,
    private readonly transaction: Transaction,
    private readonly audit: AuditLog,
  ) {}

  /** @throws NotFound for the experiment and for the run, FailedPrecondition when the experiment is deleted */
  async create(given: NewLoggedModel): Promise<LoggedModelDetails> {
    const { experimentId } = given;
    const found = await this.experiments.byId(experimentId);
    const { caller, object: experiment } = await this.access.authorize('EDIT', found, 'EXPERIMENT', experimentId);
    demandActive(experiment);
    if (given.sourceRunId) await this.guard.run('READ', given.sourceRunId);
    const id = `m-${randomUUID().replaceAll('-', '')}`;
    const now = Date.now();
    const model: LoggedModel = {
      id,
      experimentId,
      name: loggedModelName(given.name ?? randomName()),
      modelType: given.modelType ?? null,
      sourceRunId: given.sourceRunId || null,
      artifactUri: belowLocation(experiment.artifactLocation, `models/${id}/artifacts`),
      status: 'LOGGED_MODEL_PENDING',
      statusMessage: null,
      principalId: caller.id,
      lifecycleStage: 'active',
      createdMs: now,
      updatedMs: now,
    };
    const params = [...checkedParams(given.params ?? [])];
    const tags = checkedTags(given.tags ?? [], limits.runTagValue);
    await this.transaction.run(async () => {
      await this.models.insert(model, params, tags);
      const { name, sourceRunId } = model;
      const after = { experimentId, name, sourceRunId };
      await this.audit.record({ action: 'logged_model.created', object: auditObject(model, experiment), after });
    });
    return { ...model, params, tags, metrics: [] };
  }

  /** @throws NotFound, also when it is deleted */
  async get(id: string): Promise<LoggedModelDetails> {
    await this.guard.model('READ', id);
    return (await this.reader.details(id)) as LoggedModelDetails;
  }

  /** Those that the caller may READ. @throws InvalidArgument for a filter, an order or a page that is none */
  search(search: LoggedModelSearch): Promise<Page<LoggedModelDetails>> {
    return this.reader.search(search);
  }

  /** Says that the upload of the model's files has ended, well or badly; once more, it changes nothing. */
  async finalize(id: string, status: LoggedModelStatus): Promise<LoggedModelDetails> {
    const { model, experiment } = await this.guard.model('EDIT', id);
    if (model.status === status) return (await this.reader.details(id)) as LoggedModelDetails;
    await this.transaction.run(async () => {
      await this.models.setStatus(id, status, Date.now());
      await this.audit.record({
        action: 'logged_model.finalized',
        object: auditObject(model, experiment),
        before: { status: model.status },
        after: { status },
      });
    });
    return (await this.reader.details(id)) as LoggedModelDetails;
  }

  /** Deletes the record of a logged model. Its files stay, and so do the versions registered from it. */
  async delete(id: string): Promise<void> {
    const { model, experiment } = await this.guard.model('EDIT', id);
    await this.transaction.run(async () => {
      if (!(await this.models.delete(id, Date.now()))) throw new NotFound('Logged model', id);
      await this.audit.record({
        action: 'logged_model.deleted',
        object: auditObject(model, experiment),
        before: model,
      });
    });
  }

  /** @throws InvalidArgument for a param that was logged with another value */
  async addParams(id: string, params: readonly Param[]): Promise<void> {
    await this.guard.model('EDIT', id);
    const checked = checkedParams(params);
    await this.transaction.run(async () => {
      const changed = await this.models.addParams(id, checked);
      if (changed.length > 0) {
        throw new InvalidArgument(
          `params: Changing param values is not allowed. Already logged with other values: ${changed.join(', ')}`,
          ['params'],
        );
      }
    });
  }

  async setTags(id: string, tags: readonly Tag[]): Promise<void> {
    await this.guard.model('EDIT', id);
    const checked = checkedTags(tags, limits.runTagValue);
    await this.transaction.run(() => this.models.setTags(id, checked));
  }

  /** @throws NotFound when there is no such tag */
  async deleteTag(id: string, key: string): Promise<void> {
    await this.guard.model('EDIT', id);
    const deleted = await this.transaction.run(() => this.models.deleteTag(id, key));
    if (!deleted) throw new NotFound('Logged model tag', key);
  }
}
