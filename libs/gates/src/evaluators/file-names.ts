/** How many names a summary carries; the output of a gate has all of them, to a bound. */
const namesInSummary = 3;

/** `a, b, c and 4 more` */
export const named = (names: readonly string[]): string =>
  names.length <= namesInSummary
    ? names.join(', ')
    : `${names.slice(0, namesInSummary).join(', ')} and ${names.length - namesInSummary} more`;

/**
 * Does the pattern of a policy name the file, or a folder that it is in? "*" stands for any characters but "/", "?" for
 * one of them, "**" for any number of folders. Walked without a regular expression, whose backtracking a pattern could
 * abuse.
 */
export function matchesPath(pattern: string, path: string): boolean {
  const [patterns, parts] = [pattern.split('/').filter(Boolean), path.split('/')];
  // Which places of the pattern may be reached by the folders so far; "**" keeps its place and is passed over as well.
  const passOver = (places: Set<number>) => {
    for (const place of places) if (patterns[place] === '**') places.add(place + 1);
    return places;
  };
  let places = passOver(new Set([0]));
  for (const part of parts) {
    const next = new Set<number>();
    for (const place of places) {
      const wanted = patterns[place];
      if (wanted === '**') next.add(place);
      else if (wanted !== undefined && matchesName(wanted, part)) next.add(place + 1);
    }
    places = passOver(next);
    if (places.has(patterns.length)) return true;
  }
  return false;
}

/** One segment. Goes back to the last "*" only, so that it takes at most the product of both lengths. */
export function matchesName(pattern: string, text: string): boolean {
  let [p, t, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++mark;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
