import type { RegisteredModelView, VersionView } from '@app/registry';
import { omitUnset } from '../wire/parse.js';

/** A copy names its original by its full name: flat beside a flat name, where both are of one schema. */
function sourceAsAsked({ source, modelFullName }: VersionView, name: string): string {
  const inSchema = `models:/${modelFullName.slice(0, modelFullName.lastIndexOf('.') + 1)}`;
  return !name.includes('.') && source.startsWith(inSchema) ? `models:/${source.slice(inSchema.length)}` : source;
}

/**
 * Our nouns in MLflow's messages (mlflow/protos/model_registry.proto).
 * @param name of the model, in the form in which it was asked for
 */
export const toMlflowModelVersion = (version: VersionView, name: string) =>
  omitUnset({
    name,
    version: String(version.number),
    creation_timestamp: version.createdAt.getTime(),
    last_updated_timestamp: version.updatedAt.getTime(),
    user_id: version.creatorName,
    current_stage: version.stage,
    // MLflow's server answers these two also where they were not given.
    description: version.description ?? '',
    source: sourceAsAsked(version, name),
    run_id: version.runId ?? version.namedRunId,
    run_link: version.runLink ?? '',
    status: version.status,
    status_message: version.statusMessage,
    tags: version.tags,
    aliases: version.aliases,
  });

export const toMlflowRegisteredModel = (model: RegisteredModelView, name: string) =>
  omitUnset({
    name,
    creation_timestamp: model.createdAt.getTime(),
    last_updated_timestamp: model.updatedAt.getTime(),
    description: model.description ?? '',
    latest_versions: model.latestVersions.map((version) => toMlflowModelVersion(version, name)),
    tags: model.tags.map(({ key, value }) => ({ key, value })),
    aliases: model.aliases.map(({ alias, versionNumber }) => ({ alias, version: String(versionNumber) })),
  });
