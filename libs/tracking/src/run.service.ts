import { randomUUID } from 'node:crypto';
import { Access, type Securable } from '@app/access';
import { AuditLog, type AuditObject } from '@app/audit';
import { NotFound, type Page, type PageArgs, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { belowLocation, demandActive, type LifecycleStage } from './experiment.js';
import { ExperimentRepository } from './experiment.repository.js';
import { demandActiveRun, type Run, type RunDetails, type RunStatus, requestedRunName } from './run.js';
import { RunReader, type RunSearch } from './run.reader.js';
import { RunRepository } from './run.repository.js';
import { type RunFilter, RunListReader, type RunOrder } from './run-list.reader.js';
import { randomName, runNameTag } from './run-name.js';
import { checkedTags, limits, type Tag, withinLength } from './tag.js';
import { TrackingAccess } from './tracking-access.js';

export interface NewRun {
  experimentId: string;
  /** What the client calls its user; the caller's name when it says nothing. */
  userId?: string;
  name?: string;
  startTime?: number;
  tags?: Tag[];
}

const auditObject = (run: Run, experiment: Securable): AuditObject => ({
  kind: 'RUN',
  id: run.id,
  name: run.name,
  within: experiment,
});

/**
 * Runs: READ on the experiment sees them, EDIT writes them. The audit trail records that a run was made, deleted and
 * restored. What a run reports of itself (status, metrics, params, tags, inputs, outputs) is its data, in high volume,
 * and no event.
 */
@Injectable()
export class Runs {
  constructor(
    private readonly access: Access,
    private readonly guard: TrackingAccess,
    private readonly experiments: ExperimentRepository,
    private readonly runs: RunRepository,
    private readonly reader: RunReader,
    private readonly lists: RunListReader,
    private readonly transaction: Transaction,
    private readonly audit: AuditLog,
  ) {}

  /** @throws NotFound for the experiment, FailedPrecondition when it is deleted, InvalidArgument for tags */
  async create({ experimentId, userId, name, startTime = Date.now(), tags = [] }: NewRun): Promise<RunDetails> {
    const found = await this.experiments.byId(experimentId);
    const { caller, object: experiment } = await this.access.authorize('EDIT', found, 'EXPERIMENT', experimentId);
    demandActive(experiment);
    const id = randomUUID().replaceAll('-', '');
    const given = checkedTags(tags, limits.runTagValue);
    const runName = withinLength(requestedRunName(name, given) ?? randomName(), limits.runTagValue, 'run_name');
    const run = {
      id,
      experimentId,
      name: runName,
      userId: userId || caller.name,
      principalId: caller.id,
      startTime,
      artifactUri: belowLocation(experiment.artifactLocation, `${id}/artifacts`),
      tags: [...given.filter(({ key }) => key !== runNameTag), { key: runNameTag, value: runName }],
    };
    return this.transaction.run(async () => {
      await this.runs.insert(run);
      const made = (await this.reader.details(id)) as RunDetails;
      const after = { experimentId, name: runName, userId: run.userId };
      await this.audit.record({ action: 'run.created', object: auditObject(made, experiment), after });
      return made;
    });
  }

  /** Deleted ones too. @throws NotFound */
  async get(runId: string): Promise<RunDetails> {
    await this.guard.run('READ', runId);
    return (await this.reader.details(runId)) as RunDetails;
  }

  /** The run without what was logged to it. Deleted ones too. @throws NotFound */
  async summary(runId: string): Promise<Run> {
    return (await this.guard.run('READ', runId)).run;
  }

  /** The runs of one experiment. @throws NotFound, PermissionDenied; InvalidArgument for a page or a cursor that is none */
  async list(experiment: Securable, filter: RunFilter, order: RunOrder, page: PageArgs): Promise<Page<Run>> {
    await this.access.authorize('READ', experiment, 'EXPERIMENT', experiment.fullName);
    return this.lists.page(experiment.id, filter, order, page);
  }

  async count(experiment: Securable, filter: RunFilter): Promise<number> {
    await this.access.authorize('READ', experiment, 'EXPERIMENT', experiment.fullName);
    return this.lists.count(experiment.id, filter);
  }

  /** Those that the caller may READ, in any order: for loaders. */
  byIds(ids: readonly string[]): Promise<Run[]> {
    return this.lists.byIds(ids);
  }

  /** Those that the caller may READ. @throws InvalidArgument for a filter, an order or a page that is none */
  search(search: RunSearch): Promise<Page<RunDetails>> {
    return this.reader.search(search);
  }

  /** @throws FailedPrecondition when the run is deleted */
  async update(runId: string, changes: { status?: RunStatus; endTime?: number; name?: string }): Promise<Run> {
    const { run } = await this.guard.run('EDIT', runId);
    demandActiveRun(run);
    if (changes.name) withinLength(changes.name, limits.runTagValue, 'run_name');
    const updated = await this.transaction.run(() =>
      this.runs.update(runId, { ...changes, name: changes.name || undefined }),
    );
    if (!updated) throw new NotFound('Run', runId);
    return updated;
  }

  /** Deletes a run; nothing is lost, and restore brings it back. Of a deleted run it changes nothing. */
  delete(runId: string): Promise<void> {
    return this.move(runId, 'deleted', 'run.deleted');
  }

  /** Brings a deleted run back. Of another it changes nothing. */
  restore(runId: string): Promise<void> {
    return this.move(runId, 'active', 'run.restored');
  }

  private async move(runId: string, stage: LifecycleStage, action: string): Promise<void> {
    const { run, experiment } = await this.guard.run('EDIT', runId);
    await this.transaction.run(async () => {
      if (!(await this.runs.setStage(runId, stage, stage === 'deleted' ? Date.now() : null))) return;
      await this.audit.record({
        action,
        object: auditObject(run, experiment),
        before: { lifecycleStage: run.lifecycleStage },
        after: { lifecycleStage: stage },
      });
    });
  }
}
