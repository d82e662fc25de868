import type { RegisteredModelView, VersionView } from '@app/registry';
import { omitUnset } from '../wire/parse.js';

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
    source: version.source,
    run_id: version.runId,
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
    description: model.description,
    latest_versions: model.latestVersions.map((version) => toMlflowModelVersion(version, name)),
    tags: model.tags.map(({ key, value }) => ({ key, value })),
    aliases: model.aliases.map(({ alias, versionNumber }) => ({ alias, version: String(versionNumber) })),
  });
