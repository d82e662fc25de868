import { Access } from '@app/access';
import type { Page, PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import type { LineageDataset } from '../dataset.js';
import type { DataDirection, Named } from './event.js';
import type { Job, JobRun } from './job.js';
import { JobReader } from './job.reader.js';

/** The jobs of OpenLineage. READ on the experiment that is their namespace shows them; without it they do not exist. */
@Injectable()
export class Jobs {
  constructor(
    private readonly access: Access,
    private readonly reader: JobReader,
  ) {}

  /** @throws NotFound, PermissionDenied */
  async get(by: { id: string } | Named): Promise<Job> {
    const found = await this.reader.withExperiment(by);
    const name = 'id' in by ? by.id : `${by.namespace}/${by.name}`;
    const object = found && { ...found.experiment, job: found.job };
    return (await this.access.authorize('READ', object, 'EXPERIMENT', name, 'Job')).object.job;
  }

  /** Those that the caller may see, in any order: for loaders. */
  byIds(ids: readonly string[]): Promise<Job[]> {
    return this.reader.byIds(ids);
  }

  /** The runs of a job that is shown, the newest first. @throws InvalidArgument for a page or a cursor that is none */
  runsOf({ id }: Job, args: PageArgs): Promise<Page<JobRun>> {
    return this.reader.runs(id, args);
  }

  countRunsOf({ id }: Job): Promise<number> {
    return this.reader.countRuns(id);
  }

  /** What a job that is shown has read or written, by name. @throws InvalidArgument for a page or a cursor that is none */
  dataOf({ id }: Job, direction: DataDirection, args: PageArgs): Promise<Page<LineageDataset>> {
    return this.reader.data(id, direction, args);
  }

  countDataOf({ id }: Job, direction: DataDirection): Promise<number> {
    return this.reader.countData(id, direction);
  }
}
