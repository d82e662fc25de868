/** Data that runs of an experiment have read. MLflow keeps it once for each experiment, name and digest. */
export interface LineageDataset {
  id: string;
  experimentId: string;
  name: string;
  digest: string;
  sourceType: string;
  source: string;
  schema: string | null;
  profile: string | null;
  /** Where it is, spelled in one way for MLflow and OpenLineage; null: its source does not say. */
  location: string | null;
}

/** What a run has read. */
export interface RunDataset {
  runId: string;
  dataset: LineageDataset;
  /** The input tag mlflow.data.context: `training`, `eval`. */
  context: string | null;
}

/** A logged model that a run has read or made. */
export interface RunModel {
  runId: string;
  direction: 'INPUT' | 'OUTPUT';
  loggedModelId: string;
  /** null: it is deleted, or the caller may not see it. */
  name: string | null;
  step: number;
}
