import { Access, SecurableRepository } from '@app/access';
import { Injectable } from '@nestjs/common';
import type { PolicyRules } from './policy.js';

/** Who may have models judged on which datasets. The gate itself reads a dataset as imprimatur-gates, which may read all. */
@Injectable()
export class HoldoutDatasets {
  constructor(
    private readonly access: Access,
    private readonly securables: SecurableRepository,
  ) {}

  /**
   * The caller names only datasets that he may read: a policy that measures on somebody's dataset tells of what is in it.
   * Whoever revises a policy answers for all the datasets that his revision names.
   * @throws NotFound, PermissionDenied when READ on the experiment of a dataset is missing
   */
  async requireReadable({ gates }: PolicyRules): Promise<void> {
    const datasets = gates.flatMap(({ type, config }) => (type === 'HOLDOUT_EVALUATION' ? [config.dataset] : []));
    for (const dataset of new Set(datasets)) {
      const experiment = await this.securables.byExperimentId(experimentIdOf(dataset));
      await this.access.authorize('READ', experiment, 'EXPERIMENT', dataset, 'Artifact');
    }
  }
}

/** `mlflow-artifacts:/7/…` belongs to experiment 7, as everything in the artifact store belongs to one. */
const experimentIdOf = (uri: string): string => uri.split('/')[1] as string;
