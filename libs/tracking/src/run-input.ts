import type { DatasetInput } from './run.js';
import { withinLength } from './tag.js';

/** MLflow's limits (mlflow/utils/validation.py), in characters. */
const longest = {
  name: 500,
  digest: 36,
  schema: 1_048_575,
  source: 65_535,
  profile: 16_777_215,
  tagKey: 255,
  tagValue: 500,
} as const;

/**
 * Checks the datasets that a run has read, and keeps the first of those with one name and digest.
 * @throws InvalidArgument naming what is too long
 */
export function checkedInputs(inputs: readonly DatasetInput[]): DatasetInput[] {
  const byIdentity = new Map<string, DatasetInput>();
  for (const [index, input] of inputs.entries()) {
    const { dataset, tags } = input;
    const path = (field: string) => `datasets[${index}].${field}`;
    withinLength(dataset.name, longest.name, path('dataset.name'));
    withinLength(dataset.digest, longest.digest, path('dataset.digest'));
    withinLength(dataset.source, longest.source, path('dataset.source'));
    withinLength(dataset.schema ?? '', longest.schema, path('dataset.schema'));
    withinLength(dataset.profile ?? '', longest.profile, path('dataset.profile'));
    for (const { key, value } of tags) {
      withinLength(key, longest.tagKey, path('tags.key'));
      withinLength(value, longest.tagValue, path('tags.value'));
    }
    const identity = JSON.stringify([dataset.name, dataset.digest]);
    if (!byIdentity.has(identity)) byIdentity.set(identity, input);
  }
  return [...byIdentity.values()];
}
