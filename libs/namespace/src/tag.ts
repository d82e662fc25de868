import type { SecurableKind } from '@app/access';
import { InvalidArgument } from '@app/platform';

export interface Tag {
  key: string;
  value: string;
}

const unstorable = /[\0\p{Cs}]/u;

/** @throws InvalidArgument unless it has 1 to 255 characters, none of them a control character */
export function tagKey(key: string, field = 'key'): string {
  if (key.length < 1 || key.length > 255 || /[\p{Cc}\p{Cs}]/u.test(key)) {
    throw new InvalidArgument(`${field}: "${key}" must have 1 to 255 characters and no control character`, [field]);
  }
  return key;
}

/** @throws InvalidArgument when it has more than 5,000 characters, or a NUL */
export const tagValue = (value: string, field = 'value'): string => longText(value, field);

/** An empty description is none. @throws InvalidArgument when it has more than 5,000 characters, or a NUL */
export const checkedDescription = (description: string | null): string | null =>
  description === null || description === '' ? null : longText(description, 'description');

/** The privilege that setting a tag asks for: on an experiment, the one that writes in it. */
export function taggingPrivilege(kind: SecurableKind): 'APPLY_TAG' | 'EDIT' {
  if (kind === 'METASTORE') throw new InvalidArgument('kind: the metastore has no tags', ['kind']);
  return kind === 'EXPERIMENT' ? 'EDIT' : 'APPLY_TAG';
}

function longText(text: string, field: string): string {
  if (text.length > 5000 || unstorable.test(text)) {
    throw new InvalidArgument(`${field}: ${text.length} characters; it must have at most 5000, and no NUL character`, [
      field,
    ]);
  }
  return text;
}
