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
    const check = (text: string, field: keyof typeof longest, owner: string, name: string = field) =>
      withinLength(text, longest[field], `datasets[${index}].${owner}.${name}`, name);
    check(dataset.name, 'name', 'dataset');
    check(dataset.digest, 'digest', 'dataset');
    check(dataset.source, 'source', 'dataset');
    check(dataset.schema ?? '', 'schema', 'dataset');
    check(dataset.profile ?? '', 'profile', 'dataset');
    for (const [at, { key, value }] of tags.entries()) {
      check(key, 'tagKey', `tags[${at}]`, 'key');
      check(value, 'tagValue', `tags[${at}]`, 'value');
    }
    const identity = JSON.stringify([dataset.name, dataset.digest]);
    if (!byIdentity.has(identity)) byIdentity.set(identity, input);
  }
  return [...byIdentity.values()];
}
