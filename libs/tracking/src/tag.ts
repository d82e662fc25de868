import { InvalidArgument } from '@app/platform';

export interface Tag {
  key: string;
  value: string;
}

/** MLflow's limits (mlflow/utils/validation.py), in characters. */
export const limits = {
  key: 250,
  paramValue: 6000,
  runTagValue: 8000,
  experimentTagValue: 5000,
} as const;

const plainName = /^[/\p{L}\p{M}\p{N}_.\- :]+$/u;

/** Names become files in some of MLflow's stores: "a//b" and "a/../b" would be other names there. */
const isNormalized = (name: string): boolean =>
  name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

/**
 * The name of a metric, a param or a tag.
 * @param path where it stands in the request: `metrics[3].name`
 * @throws InvalidArgument in the words of MLflow's server
 */
export function dataKey(key: string, path: string): string {
  const refuse = (why: string) =>
    new InvalidArgument(`Invalid value ${JSON.stringify(key)} for parameter '${path}' supplied: ${why}`, [path]);
  if (!plainName.test(key)) {
    throw refuse(
      'Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).',
    );
  }
  if (!isNormalized(key)) {
    throw refuse('Names may be treated as files in certain cases, and must not resolve to other names');
  }
  return withinLength(key, limits.key, path);
}

/**
 * @param name of the field in MLflow's message, where that is not its path
 * @throws InvalidArgument when a text is longer than allowed
 */
export function withinLength(text: string, longest: number, path: string, name = path): string {
  if (text.length > longest) {
    const where = name === path ? '' : `: ${path} has ${text.length}`;
    throw new InvalidArgument(`'${name}' exceeds the maximum length of ${longest} characters${where}`, [path]);
  }
  return text;
}

/**
 * Checks tags, and keeps the last of those with one key.
 * @throws InvalidArgument naming the tag by its index
 */
export function checkedTags(tags: readonly Tag[], longestValue: number, name = 'tags'): Tag[] {
  const byKey = new Map<string, string>();
  for (const [index, { key, value }] of tags.entries()) {
    dataKey(key, `${name}[${index}].key`);
    byKey.set(key, withinLength(value, longestValue, `${name}[${index}].value`));
  }
  return [...byKey].map(([key, value]) => ({ key, value }));
}
