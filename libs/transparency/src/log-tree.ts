import { rootOver } from './merkle.js';

/** A tile has so many hashes of one level, and so spans 8 levels of the tree (C2SP tlog-tiles). */
export const tileWidth = 256;

/** A complete tile: the hashes of `tileWidth` neighbours, and the root over them, which is one hash of the tile above. */
export interface Tile {
  level: number;
  index: number;
  hashes: Buffer;
  root: Buffer;
}

/**
 * The right edge of the tree: per level of tiles, the hashes that make no complete tile yet. That is all that is needed
 * to append, and to know the root.
 */
export class LogTree {
  /** Tiles that became complete since the tree was made. */
  readonly completed: Tile[] = [];

  /**
   * @param size how many leaves the tree has
   * @param edge per level of tiles, from the leaves up, the hashes of its last, incomplete tile
   */
  constructor(
    public size: number,
    private readonly edge: Buffer[][],
  ) {}

  append(leaf: Buffer): void {
    this.size += 1;
    this.push(0, leaf);
  }

  root(): Buffer {
    let incomplete: Buffer[] = [];
    for (const hashes of this.edge) {
      const level = [...hashes, ...incomplete];
      incomplete = level.length > 0 ? [rootOver(level)] : [];
    }
    return rootOver(incomplete);
  }

  private push(level: number, hash: Buffer): void {
    const hashes = this.edge[level] ?? [];
    this.edge[level] = hashes;
    hashes.push(hash);
    if (hashes.length < tileWidth) return;
    const tile = {
      level,
      index: this.size / tileWidth ** (level + 1) - 1,
      hashes: Buffer.concat(hashes),
      root: rootOver(hashes),
    };
    this.completed.push(tile);
    this.edge[level] = [];
    this.push(level + 1, tile.root);
  }
}
