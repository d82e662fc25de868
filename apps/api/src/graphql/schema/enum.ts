/** A GraphQL enum of a closed set of words. */
export const enumOf = <T extends string>(words: readonly T[]): Record<T, T> =>
  Object.fromEntries(words.map((word) => [word, word])) as Record<T, T>;
