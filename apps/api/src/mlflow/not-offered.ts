/** A part of MLflow that this service does not have: where its calls go to, and what to tell who makes one. */
export interface NotOffered {
  part: string;
  /** Paths of routes; "*" is whatever follows. */
  paths: readonly string[];
  instead: string;
}

const below = (path: string): string[] => [path, `${path}/*`];

/**
 * Everything of MLflow's REST surface that is answered NOT_IMPLEMENTED. Its clients try such a call once, tell the message
 * and go on: they repeat neither 501 nor 404. docs/mlflow-compatibility.md is made from this list.
 */
export const notOffered: readonly NotOffered[] = [
  {
    part: 'traces',
    paths: [
      ...below('api/2.0/mlflow/traces'),
      ...below('api/3.0/mlflow/traces'),
      'api/2.0/mlflow/unified-traces',
      'api/2.0/mlflow/get-online-trace-details',
    ],
    instead: 'send spans to an OpenTelemetry collector (MLFLOW_TRACKING_URI names no place for them here)',
  },
  {
    part: 'evaluation datasets',
    paths: ['api/3.0/mlflow/datasets/*'],
    instead: 'log the dataset as an input of the run that evaluates (mlflow.log_input)',
  },
  {
    part: 'the AI gateway',
    paths: ['api/3.0/mlflow/gateway/*'],
    instead: 'this service governs models, and calls none',
  },
  {
    part: 'scorers, issues, labelling, review queues and prompt optimisation',
    paths: [
      'api/3.0/mlflow/scorers/*',
      ...below('api/3.0/mlflow/issues'),
      'api/3.0/mlflow/label-schemas/*',
      'api/3.0/mlflow/review-queues/*',
      'api/3.0/mlflow/prompt-optimization/*',
    ],
    instead: 'a gate judges a version: see the promotion requests of the GraphQL API',
  },
  {
    part: 'workspaces',
    paths: below('api/3.0/mlflow/workspaces'),
    instead: 'name models catalog.schema.model, and grant on catalogs and schemas',
  },
  {
    part: 'passwords',
    paths: ['api/2.0/mlflow/users/create', 'api/2.0/mlflow/users/update-password'],
    instead: 'a user has tokens: make him with userCreate of the GraphQL API, and a token with accessTokenCreate',
  },
  {
    part: 'the mark of an administrator',
    paths: ['api/2.0/mlflow/users/update-admin'],
    instead: 'grant MANAGE on the metastore, with grantCreate of the GraphQL API',
  },
  {
    part: 'roles of MLflow',
    paths: [
      'api/3.0/mlflow/roles/*',
      'api/3.0/mlflow/users/roles/list',
      'api/3.0/mlflow/users/permissions/list',
      'api/3.0/mlflow/users/current/permissions',
    ],
    instead: 'make a group and grant to it, with groupCreate and grantCreate of the GraphQL API',
  },
  {
    part: 'changes of comments',
    paths: ['api/2.0/mlflow/comments/update', 'api/2.0/mlflow/comments/delete'],
    instead: 'what was said about a promotion request stays as it was said; write another comment',
  },
  {
    part: 'permission levels of Databricks',
    paths: ['api/2.0/permissions/registered-models/*'],
    instead: 'grants are shown and changed in the GraphQL API, and by the command line',
  },
  {
    part: 'uploads by one presigned URL',
    paths: ['api/2.0/mlflow/artifacts/presigned-upload-url'],
    instead: 'send the file below /api/2.0/mlflow-artifacts/artifacts, or in parts by /api/2.0/mlflow-artifacts/mpu',
  },
];
