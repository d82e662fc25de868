import { Access } from '@app/access';
import { AuditLog } from '@app/audit';
import { Transaction } from '@app/platform';
import { Experiments } from '@app/tracking';
import { Injectable } from '@nestjs/common';
import type { JobObservation, LineageEvent, NamedDataset } from './event.js';
import { JobRepository } from './job.repository.js';

/**
 * Takes events of OpenLineage. The namespace of a job is the experiment of that name (ADR 18): who may write runs there may
 * send events, and the first event makes it. Events are data of the job, as metrics are of a run: what the audit trail tells is
 * that a job has come to be.
 */
@Injectable()
export class LineageEvents {
  constructor(
    private readonly access: Access,
    private readonly audit: AuditLog,
    private readonly experiments: Experiments,
    private readonly jobs: JobRepository,
    private readonly transaction: Transaction,
  ) {}

  /**
   * Needs EDIT on the experiment, or CREATE_EXPERIMENT where there is none. The same event once more changes nothing.
   * @throws PermissionDenied, AlreadyExists for an experiment that the caller may not see, FailedPrecondition for a deleted one
   */
  take(event: LineageEvent): Promise<void> {
    return 'job' in event ? this.observe(event) : this.describe(event.dataset);
  }

  private async observe(event: JobObservation): Promise<void> {
    const { at, job, run } = event;
    const experiment = await this.experiments.toWriteIn(job.namespace);
    await this.transaction.run(async () => {
      const { id, made } = await this.jobs.observe(experiment.experimentId, job.name, at);
      if (made) {
        const object = { kind: 'JOB', id, name: `${job.namespace}/${job.name}`, within: experiment } as const;
        await this.audit.record({ action: 'job.created', object, after: job });
      }
      if (run) await this.jobs.observeRun(id, run, at);
      await this.jobs.observeData(experiment.experimentId, id, event);
    });
  }

  /** An event about data alone tells of its columns, wherever a job has named it and the caller may write; it makes nothing. */
  private async describe(dataset: NamedDataset): Promise<void> {
    const editable = await this.access.where('EDIT', 'EXPERIMENT', 's');
    if (dataset.schema === null) return;
    await this.transaction.run(() => this.jobs.describe(dataset, editable));
  }
}
