import { InvalidArgument } from '@app/platform';
import {
  type HiddenCounts,
  type LineageEdge,
  type LineageNode,
  type LineagePoint,
  pointId,
  type TruncationReason,
} from './lineage-graph.js';

/** A way from one node to another that comes by no node twice. */
export interface LineagePath {
  /** In order; `depth` counts from the first. */
  nodes: LineageNode[];
  /** Those between one node and the next: at least one each, all when there are several. */
  edges: LineageEdge[];
}

export interface LineagePaths {
  /** The shortest first, then by kind and key of the nodes on the way. */
  paths: LineagePath[];
  truncatedBy: TruncationReason[];
  /** Of each node its neighbours that are on none of the paths; worked out when it is asked for. */
  hiddenCounts(): Promise<ReadonlyMap<string, HiddenCounts>>;
}

export interface PathsAsked {
  maxDepth: number;
  maxPaths: number;
  asOf: Date | null;
}

const largest = { maxDepth: 10, maxPaths: 100 } as const;
/** In a graph with cycles, more may be tried than lead anywhere. */
const mostSteps = 100_000;

/** @throws InvalidArgument for a bound that is too wide, or none */
export function checkPaths(asked: PathsAsked): void {
  for (const bound of ['maxDepth', 'maxPaths'] as const) {
    const value = asked[bound];
    if (!Number.isInteger(value) || value < 1 || value > largest[bound]) {
      throw new InvalidArgument(`${bound}: ${value} is not between 1 and ${largest[bound]}`, [bound]);
    }
  }
}

/** The ways from one node to another, as the ids of their nodes, and why there may be more. */
export function waysBetween(
  edges: readonly LineageEdge[],
  [from, to]: readonly [from: LineagePoint, to: LineagePoint],
  { maxDepth, maxPaths }: PathsAsked,
): { ways: string[][]; truncatedBy?: 'MAX_PATHS' | 'TIME_BUDGET' } {
  const targets = neighbours(edges.map(({ source, target }) => [pointId(source), pointId(target)]));
  const sources = neighbours(edges.map(({ source, target }) => [pointId(target), pointId(source)]));
  const left = distances(sources, pointId(to));
  const ways: string[][] = [];
  let steps = 0;

  /** All ways of exactly so many steps that begin with `way`. @returns false when there was no room for all */
  const extend = (way: readonly string[], length: number): boolean => {
    const at = way.at(-1) as string;
    if (length === 0) {
      if (at !== pointId(to)) return true;
      ways.push([...way]);
      return ways.length <= maxPaths;
    }
    if (at === pointId(to)) return true;
    for (const next of targets.get(at) ?? []) {
      if ((left.get(next) ?? Number.POSITIVE_INFINITY) > length - 1 || way.includes(next)) continue;
      if (++steps > mostSteps || !extend([...way, next], length - 1)) return false;
    }
    return true;
  };

  for (let length = 1; length <= maxDepth; length++) {
    if (extend([pointId(from)], length)) continue;
    const truncatedBy = ways.length > maxPaths ? 'MAX_PATHS' : 'TIME_BUDGET';
    return { ways: ways.slice(0, maxPaths), truncatedBy };
  }
  return { ways };
}

/** The nodes and edges of a way. */
export function pathOf(
  way: readonly string[],
  nodes: ReadonlyMap<string, LineageNode>,
  edges: readonly LineageEdge[],
): LineagePath {
  const next = new Map(way.map((id, index) => [id, way[index + 1]]));
  return {
    nodes: way.map((id, depth) => ({ ...(nodes.get(id) as LineageNode), depth })),
    edges: edges
      .filter(({ source, target }) => next.get(pointId(source)) === pointId(target))
      .sort((one, other) => way.indexOf(pointId(one.source)) - way.indexOf(pointId(other.source))),
  };
}

function neighbours(pairs: readonly (readonly [string, string])[]): Map<string, string[]> {
  const found = new Map<string, Set<string>>();
  for (const [at, next] of pairs) found.set(at, (found.get(at) ?? new Set()).add(next));
  return new Map([...found].map(([at, all]) => [at, [...all].sort()]));
}

/** How many steps each node is away from one. */
function distances(from: ReadonlyMap<string, readonly string[]>, start: string): Map<string, number> {
  const found = new Map([[start, 0]]);
  for (const [at, distance] of found) {
    for (const next of from.get(at) ?? []) if (!found.has(next)) found.set(next, distance + 1);
  }
  return found;
}
