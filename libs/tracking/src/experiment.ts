import type { Securable } from '@app/access';
import { artifactPathOf } from '@app/artifacts';
import { FailedPrecondition, InvalidArgument } from '@app/platform';
import { type Tag, withinLength } from './tag.js';

export const lifecycleStages = ['active', 'deleted'] as const;
export type LifecycleStage = (typeof lifecycleStages)[number];

/** Which lifecycle stages a search shows. */
export type ViewType = 'ACTIVE_ONLY' | 'DELETED_ONLY' | 'ALL';

export const stagesOf: Record<ViewType, readonly LifecycleStage[]> = {
  ACTIVE_ONLY: ['active'],
  DELETED_ONLY: ['deleted'],
  ALL: lifecycleStages,
};

/** What an experiment has beside its securable. */
export interface ExperimentDetails {
  /** The whole number that MLflow knows it by. */
  experimentId: string;
  artifactLocation: string;
  lifecycleStage: LifecycleStage;
}

/** A securable directly under the metastore. */
export interface Experiment extends Securable, ExperimentDetails {
  tags: Tag[];
}

const longestName = 500;

/**
 * An experiment's name: 1 to 500 characters, and otherwise whatever MLflow users like ("/Users/ada/churn").
 * @throws InvalidArgument naming the field
 */
export function experimentName(name: string, field = 'name'): string {
  if (name.trim() === '') throw new InvalidArgument(`Invalid experiment name: '${name}'`, [field]);
  return withinLength(name, longestName, field, 'name');
}

/** A place below a location: in its path, which a query or a fragment may follow. */
export function belowLocation(location: string, path: string): string {
  const end = location.search(/[?#]/);
  const [folder, rest] = end === -1 ? [location, ''] : [location.slice(0, end), location.slice(end)];
  return `${folder.replace(/\/$/, '')}/${path}${rest}`;
}

/**
 * A location that a client chose for an experiment's artifacts, outside our store. Inside it every experiment has a
 * folder of its own: another's folder would lend its files to whoever may read the experiment.
 * @throws InvalidArgument for a location in our store, and for a query that could lead out of the path before it
 */
export function foreignArtifactLocation(uri: string): string {
  const refuse = (why: string) => new InvalidArgument(`artifact_location: "${uri}" ${why}`, ['artifact_location']);
  if (/[?#].*\.\./.test(uri)) throw refuse('must have no ".." in its query or fragment');
  if (artifactPathOf(uri) !== undefined || artifactPathOf(belowLocation(uri, 'runs')) !== undefined)
    throw refuse('lies in the store of this service, which gives locations itself: leave it out');
  return uri.replace(/(?<=[^/:])\/+$/, '');
}

/** Whether a text can be the id of an experiment: a whole number. */
export const isExperimentId = (id: string): boolean => /^(0|[1-9]\d{0,17})$/.test(id);

/** @throws FailedPrecondition when the experiment is deleted */
export function demandActive(experiment: { experimentId: string; lifecycleStage: LifecycleStage }): void {
  if (experiment.lifecycleStage !== 'active') {
    throw new FailedPrecondition(
      'EXPERIMENT_DELETED',
      `The experiment ${experiment.experimentId} must be in the 'active' state. Current state is ${experiment.lifecycleStage}.`,
    );
  }
}
