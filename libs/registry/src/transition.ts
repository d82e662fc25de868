import type { Stage, Target } from '@app/policy';

/** One move of a stage or an alias, direct or by a promotion. Never changed afterwards. */
export interface Transition {
  id: string;
  modelId: string;
  /** The name of the model at that time. */
  modelFullName: string;
  target: Target;
  /** The version that holds the target from then on; null when it was cleared. */
  versionNumber: number | null;
  /** The version that held it before. */
  replacedVersionNumber: number | null;
  /** For stages: where the version came from, and went to; null when it was deleted. */
  fromStage: Stage | null;
  toStage: Stage | null;
  promotionRequestId: string | null;
  /** It went past the policies of the target. */
  breakGlass: boolean;
  actorId: string | null;
  reason: string | null;
  occurredAt: Date;
}

/** What the mover says of one move; who, where and when is added. */
export type NewTransition = Pick<
  Transition,
  'target' | 'versionNumber' | 'replacedVersionNumber' | 'fromStage' | 'toStage'
>;

/** A version that holds a target now. */
export interface Holding {
  target: Target;
  versionNumber: number;
}

/** That a holding ends because its version is deleted. */
export const cleared = ({ target, versionNumber }: Holding): NewTransition => ({
  target,
  versionNumber: null,
  replacedVersionNumber: versionNumber,
  fromStage: target.kind === 'STAGE' ? target.name : null,
  toStage: null,
});
