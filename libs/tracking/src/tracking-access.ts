import { Access, type Question, type Securable } from '@app/access';
import type { Caller } from '@app/platform';
import { Injectable } from '@nestjs/common';
import type { LoggedModel } from './logged-model.js';
import { LoggedModelRepository } from './logged-model.repository.js';
import type { Run } from './run.js';
import { RunRepository } from './run.repository.js';

/** What stands in an experiment is governed by it: a run and a logged model of a hidden experiment do not exist. */
@Injectable()
export class TrackingAccess {
  constructor(
    private readonly access: Access,
    private readonly runs: RunRepository,
    private readonly models: LoggedModelRepository,
  ) {}

  /** @throws NotFound, PermissionDenied */
  async run(question: Question, runId: string): Promise<{ caller: Caller; run: Run; experiment: Securable }> {
    const found = await this.runs.withExperiment(runId);
    const { caller, object } = await this.access.authorize(question, found?.experiment, 'EXPERIMENT', runId, 'Run');
    return { caller, run: (found as NonNullable<typeof found>).run, experiment: object };
  }

  /** A deleted logged model does not exist. @throws NotFound, PermissionDenied */
  async model(question: Question, id: string): Promise<{ model: LoggedModel; experiment: Securable }> {
    const found = await this.models.withExperiment(id);
    const { object } = await this.access.authorize(question, found?.experiment, 'EXPERIMENT', id, 'Logged model');
    return { model: (found as NonNullable<typeof found>).model, experiment: object };
  }

  /**
   * Demands a privilege on every logged model that a run's data names: nobody adds metrics to a model of others.
   * @throws NotFound, PermissionDenied for the first that is absent or out of reach
   */
  async demandModels(question: Question, ids: readonly (string | null)[]): Promise<void> {
    const named = [...new Set(ids.filter((id) => id !== null))];
    if (named.length === 0) return;
    const experiments = await this.models.experimentsOf(named);
    for (const id of named)
      await this.access.authorize(question, experiments.get(id), 'EXPERIMENT', id, 'Logged model');
  }
}
