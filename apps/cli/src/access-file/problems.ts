import type { z } from 'zod';
import { CliError } from '../cli-error.js';
import type { Place, Problem, Source } from './source.js';

type Issue = z.core.$ZodIssue;

const kinds: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

const kindOf = (value: unknown): string => {
  if (value === null) return 'empty';
  return Array.isArray(value) ? 'a list' : (kinds[typeof value] ?? typeof value);
};

const shown = (value: unknown): string =>
  typeof value === 'object' ? kindOf(value) : JSON.stringify(value === undefined ? null : value);

const valueAt = (root: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, part) => (value as Record<PropertyKey, unknown> | null | undefined)?.[part], root);

function wrongType(expected: string, value: unknown): string {
  const right = kinds[expected] ?? expected;
  if (value === undefined) return `is missing: ${right} is needed`;
  if (value === null)
    return `is empty: ${right} is needed${{ array: '; write [] for none', record: '; write {} for none' }[expected] ?? ''}`;
  if (expected === 'string') return `${shown(value)} must be a text: put it into quotes, "${String(value)}"`;
  return `must be ${right}, and ${shown(value)} is ${kindOf(value)}`;
}

/** Of the alternatives of a union, what is wrong with the one that was meant: with its fields, or with the first one. */
function meant({ errors }: Extract<Issue, { code: 'invalid_union' }>): Issue[] {
  const isWithin = ({ code, path }: Issue) => path.length > 0 || code === 'unrecognized_keys';
  return errors.find((issues) => issues.every(isWithin)) ?? errors[0] ?? [];
}

function describe(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, value);
    case 'invalid_value':
      if (value === undefined) return `is missing: one of ${issue.values.join(', ')} is needed`;
      return /^must/.test(issue.message)
        ? `${shown(value)} ${issue.message}`
        : `${shown(value)} is not one of ${issue.values.join(', ')}`;
    case 'too_small':
      return /^(Too|Invalid)/.test(issue.message)
        ? `${shown(value)} must be at least ${issue.minimum}${issue.origin === 'string' ? ' character' : ''}`
        : issue.message;
    case 'too_big':
      return `${shown(value)} is more than ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`;
    case 'invalid_format':
      return `${shown(value)} ${issue.message}`;
    case 'invalid_key':
      return `"${String(issue.path.at(-1))}" ${issue.issues[0]?.message}`;
    default:
      return issue.message;
  }
}

/** What the schema says of a file, with the place of each problem. */
export function schemaProblems(issues: readonly Issue[], root: unknown, source: Source): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    const { path } = issue;
    if (issue.code === 'invalid_union' && issue.errors.length > 0) {
      const inner = meant(issue).map((one) => ({ ...one, path: [...path, ...one.path] }) as Issue);
      return schemaProblems(inner, root, source);
    }
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ place: source.place([...path, key]), message: `"${key}" ${issue.message}` }));
    }
    const value = valueAt(root, path);
    const message =
      issue.code === 'invalid_union'
        ? `"type" must be METRIC_THRESHOLD, SIGNATURE or ARTIFACT_INTEGRITY`
        : describe(issue, value);
    return [{ place: source.place(path), message }];
  });
}

export const placeText = ({ file, line, column, path }: Place): string =>
  `${file}:${line}:${column}${path ? `: ${path}` : ''}`;

/** All that is wrong with the files, in their order. */
export function invalidFile(problems: readonly Problem[]): CliError {
  const lines = problems.map(({ place, message }) => `${placeText(place)}: ${message}`);
  const details = problems.map(({ place, message }) => ({ ...place, message }));
  return new CliError('USAGE', lines.join('\n'), { problems: details });
}
