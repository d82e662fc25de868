import { InvalidArgument } from '@app/platform';
import { plainText } from './text.js';

export interface Tag {
  key: string;
  value: string;
}

/**
 * A tag: key 1 to 255 characters, value up to 5,000 (domain.md, section 1).
 * @throws InvalidArgument naming the field
 */
export function checkedTag({ key, value }: Tag): Tag {
  if (key === '') throw new InvalidArgument('key: "" is not a tag key: 1 to 255 characters', ['key']);
  return { key: plainText(key, 'key', 255), value: plainText(value, 'value', 5000) };
}

/** Tags by key. Of two with one key the last one counts, as in MLflow. */
export const checkedTags = (tags: readonly Tag[] = []): Tag[] => [
  ...new Map(tags.map((tag) => [tag.key, checkedTag(tag)])).values(),
];
