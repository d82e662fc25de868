import type { LineageDirection } from '@app/lineage';

/** An edge as a test has made it, its ends as kind and key. */
export interface GivenEdge {
  source: string;
  target: string;
  kind: string;
  at: Date;
  /** Written on its target: whoever sees that one sees that there is a source. */
  named: boolean;
}

interface Asked {
  edges: readonly GivenEdge[];
  visible: ReadonlySet<string>;
  start: string;
  direction: LineageDirection;
  maxDepth: number;
  maxNodes: number;
  asOf: Date | null;
}

const inOrder = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);

/** What a walk must find: a plain search, level by level, over the edges in memory. */
export function referenceWalk({ edges: all, visible, start, direction, maxDepth, maxNodes, asOf }: Asked) {
  const edges = all.filter(({ at }) => asOf === null || at <= asOf);
  const near = (point: string, way: 'UPSTREAM' | 'DOWNSTREAM'): string[] => {
    if (!visible.has(point)) return [];
    const found =
      way === 'UPSTREAM'
        ? edges
            .filter((edge) => edge.target === point && (edge.named || visible.has(edge.source)))
            .map(({ source }) => source)
        : edges.filter((edge) => edge.source === point && visible.has(edge.target)).map(({ target }) => target);
    return [...new Set(found)].sort(inOrder);
  };

  const depths = new Map([[start, 0]]);
  const truncatedBy = new Set<string>();
  const ways = direction === 'BOTH' ? (['UPSTREAM', 'DOWNSTREAM'] as const) : ([direction] as const);
  const fronts = ways.map((way) => ({ way, at: [start], visited: new Set([start]) }));
  for (let depth = 1; depth <= maxDepth && truncatedBy.size === 0; depth++) {
    for (const front of fronts) {
      const next = [...new Set(front.at.flatMap((point) => near(point, front.way)))]
        .filter((point) => !front.visited.has(point))
        .sort(inOrder);
      for (const point of next) {
        if (!depths.has(point) && depths.size >= maxNodes) truncatedBy.add('MAX_NODES');
        else if (!depths.has(point)) depths.set(point, depth);
        if (truncatedBy.size > 0) break;
        front.visited.add(point);
      }
      front.at = next;
    }
  }
  const isMore = fronts.some(({ way, at }) => at.some((point) => near(point, way).some((one) => !depths.has(one))));
  if (truncatedBy.size === 0 && isMore) truncatedBy.add('MAX_DEPTH');
  if ([...depths.keys()].some((point) => !visible.has(point))) truncatedBy.add('PERMISSION');

  const shown = edges.filter(
    ({ source, target, named }) =>
      visible.has(target) && depths.has(target) && depths.has(source) && (named || visible.has(source)),
  );
  const beside = (point: string) => {
    const count = (way: 'UPSTREAM' | 'DOWNSTREAM') => near(point, way).filter((one) => !depths.has(one)).length;
    return { upstream: count('UPSTREAM'), downstream: count('DOWNSTREAM') };
  };
  return {
    nodes: [...depths]
      .sort(([one, depth], [other, deeper]) => depth - deeper || inOrder(one, other))
      .map(([point, depth]) => [depth, point, !visible.has(point)]),
    edges: [...new Set(shown.map(({ source, target, kind }) => [source, target, kind].join(' ')))].sort(inOrder),
    truncatedBy: [...truncatedBy].sort(),
    beside,
  };
}
