import sql, { raw, type Sql } from 'sql-template-tag';
import type { ModelVersion, VersionSummary, VersionView } from './model-version.js';

const summaryColumns: Record<keyof VersionSummary, string> = {
  id: 'v.id',
  modelId: 'v.model_id',
  modelFullName: 's.full_name',
  number: 'v.number',
  status: 'v.status',
  statusMessage: 'v.status_message',
  stage: 'v.stage',
  description: 'v.description',
  source: 'v.source',
  storagePath: 'v.storage_path',
  runId: 'v.run_id',
  namedRunId: 'v.named_run_id',
  outsideUri: 'v.outside_uri',
  runLink: 'v.run_link',
  loggedModelId: 'v.logged_model_id',
  runPrincipalId: 'v.run_principal_id',
  artifactDigest: 'v.artifact_digest',
  artifactSize: 'v.artifact_size',
  createdAt: 'v.created_at',
  createdBy: 'v.created_by',
  updatedAt: 'v.updated_at',
};

const columns: Record<keyof ModelVersion, string> = {
  ...summaryColumns,
  signature: 'v.signature',
  flavors: 'v.flavors',
  requirements: 'v.requirements',
};

const viewColumns: Record<keyof VersionView, string> = {
  ...summaryColumns,
  tags: `(SELECT COALESCE(json_agg(json_build_object('key', t.key, 'value', t.value) ORDER BY t.key), '[]')
    FROM model_version_tags t WHERE t.version_id = v.id)`,
  aliases: `(SELECT COALESCE(json_agg(a.alias ORDER BY a.alias), '[]') FROM model_aliases a WHERE a.version_id = v.id)`,
  creatorName: '(SELECT p.name FROM principals p WHERE p.id = v.created_by)',
};

/** A ModelVersion from the rows `v` of model_versions and `s` of securables. */
export const versionColumns: Sql = raw(
  Object.entries(columns)
    .map(([field, column]) => `${column} AS "${field}"`)
    .join(', '),
);

/** A VersionView from the same rows as one JSON value, to be read by `viewOf`. */
export const versionViewJson: Sql = raw(
  `json_build_object(${Object.entries(viewColumns)
    .map(([field, column]) => `'${field}', ${column}`)
    .join(', ')})`,
);

/** A VersionView as PostgreSQL writes it into JSON: dates are text there. */
export type VersionViewJson = Omit<VersionView, 'createdAt' | 'updatedAt'> & { createdAt: string; updatedAt: string };

export const viewOf = ({ createdAt, updatedAt, ...rest }: VersionViewJson): VersionView => ({
  ...rest,
  createdAt: new Date(createdAt),
  updatedAt: new Date(updatedAt),
});

/**
 * Behind `model_id = …`: the newest version in a stage, one step into the index (model_id, stage, number). The stage is
 * written as a range, for PostgreSQL leaves an equal one out of the order and may read all versions by their number until
 * it meets the stage, which few may have, or none.
 */
export const newestInStage = (stage: Sql): Sql =>
  sql`stage >= ${stage} AND stage <= ${stage} ORDER BY stage DESC, number DESC LIMIT 1`;

/**
 * The newest version of the model `s` in each of the stages, as a JSON array of views: one step for each stage,
 * however many versions there are.
 */
export const latestVersionsJson = (stages: readonly string[]): Sql => sql`
  (SELECT COALESCE(json_agg(${versionViewJson} ORDER BY v.number), '[]')
   FROM unnest(${stages}::text[]) AS wanted(stage)
   CROSS JOIN LATERAL (
     SELECT * FROM model_versions WHERE model_id = s.id AND ${newestInStage(sql`wanted.stage`)}) v)`;
