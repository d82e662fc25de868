import { Injectable } from '@nestjs/common';
import { LogRepository } from './log.repository.js';
import { tileWidth } from './log-tree.js';
import { type LeafRange, rootOver, rootOverSubtrees, type Subtree, subtreesOf } from './merkle.js';

const tileHeight = Math.log2(tileWidth);

/** Somebody has taken hashes out of the log. */
export class MissingHashes extends Error {}

/** Where a subtree's hash comes from: neighbours in one tile. */
interface InTile {
  level: number;
  index: number;
  /** The first hash, and how many. */
  start: number;
  count: number;
}

/** Hashes of parts of the log, in a number of statements that does not grow with it. */
@Injectable()
export class LogHashes {
  constructor(private readonly log: LogRepository) {}

  /**
   * The hash of each range of leaves, as paths of proofs name them.
   * @param size how many leaves the log has at least, and the ranges are below
   */
  async of(ranges: readonly LeafRange[], size: number): Promise<Buffer[]> {
    const parts = ranges.map((range) => subtreesOf(range).map(placeOf));
    const tileAt = await this.tilesFor(parts.flat(), size);
    return parts.map((places) => rootOverSubtrees(places.map((place) => hashAt(tileAt, place))));
  }

  private async tilesFor(places: readonly InTile[], size: number): Promise<Map<string, Buffer>> {
    const wanted = new Map(places.map(({ level, index }) => [keyOf(level, index), { level, index }]));
    const tiles = new Map<string, Buffer>();
    for (const { level, index, hashes } of await this.log.tiles([...wanted.values()])) {
      tiles.set(keyOf(level, index), hashes);
    }
    if (tiles.size === wanted.size) return tiles;
    const incomplete = await this.log.incompleteTiles(size);
    for (const [level, hashes] of incomplete.entries()) {
      const key = keyOf(level, Math.floor(size / tileWidth ** (level + 1)));
      if (!tiles.has(key)) tiles.set(key, Buffer.concat(hashes));
    }
    return tiles;
  }
}

const keyOf = (level: number, index: number): string => `${level}/${index}`;

function placeOf({ level, index }: Subtree): InTile {
  const tileLevel = Math.floor(level / tileHeight);
  const count = 2 ** (level - tileLevel * tileHeight);
  const first = index * count;
  return { level: tileLevel, index: Math.floor(first / tileWidth), start: first % tileWidth, count };
}

function hashAt(tiles: ReadonlyMap<string, Buffer>, { level, index, start, count }: InTile): Buffer {
  const tile = tiles.get(keyOf(level, index));
  if (!tile || tile.length < (start + count) * 32)
    throw new MissingHashes(`the log lacks hashes of its tile ${level}/${index}`);
  return rootOver(
    Array.from({ length: count }, (_, offset) => tile.subarray((start + offset) * 32, (start + offset + 1) * 32)),
  );
}
