import type { Securable } from '@app/access';
import type { Stage, Target } from '@app/policy';
import type { ModelVersion } from './model-version.js';
import type { NewTransition } from './transition.js';

/** A version that is to hold a target, and why. */
export interface TargetMove {
  model: Securable;
  target: Target;
  version: Pick<ModelVersion, 'number'>;
  /** Of a stage: every other version in it is archived. An alias has one holder by itself. */
  archiveIncumbent: boolean;
  promotionRequestId?: string | null;
  /** It goes past the policies that protect the target; the history says so. */
  breakGlass?: boolean;
  reason?: string | null;
}

/** A move that nobody has decided on yet. */
export interface ProspectiveMove {
  model: Pick<Securable, 'id'>;
  target: Target;
  version: Pick<ModelVersion, 'id' | 'stage'>;
  archiveIncumbent: boolean;
}

/** A move that has been looked at under the lock: what it changes. */
export interface PlannedMove extends TargetMove {
  version: ModelVersion;
  incumbent: ModelVersion | undefined;
  archived: ModelVersion[];
}

/** The stages in which a newer version may archive the older ones, as in MLflow. */
export const activeStages: readonly Stage[] = ['Staging', 'Production'];

/** That a version goes from the stage it is in to another. */
export const stageTransition = (
  version: ModelVersion,
  to: Stage,
  replacedVersionNumber: number | null,
): NewTransition => ({
  target: { kind: 'STAGE', name: to },
  versionNumber: version.number,
  replacedVersionNumber,
  fromStage: version.stage,
  toStage: to,
});

/** Every target that gains or loses a holder by a move. */
export function touchedTargets({
  target,
  version,
  incumbent,
  archived,
}: Pick<ProspectiveMove, 'target' | 'version'> & Pick<PlannedMove, 'incumbent' | 'archived'>): Target[] {
  if (target.kind === 'ALIAS') return incumbent?.id === version.id ? [] : [target];
  const moved: Stage[] = version.stage === target.name ? [] : [target.name, version.stage];
  const stages = new Set<Stage>(archived.length > 0 ? [target.name, ...moved, 'Archived'] : moved);
  return [...stages].map((name) => ({ kind: 'STAGE', name }));
}
