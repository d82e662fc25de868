import { type AuditEvent, eventColumns } from '@app/audit';
import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { empty } from 'sql-template-tag';
import type { SealedEvent } from './leaf.js';
import { type Tile, tileWidth } from './log-tree.js';

/** Of those who seal, one at a time. Any number will do, as long as it is nobody else's in this database. */
const sealingLock = 7_461_290_356;
/** Eight levels of tiles hold more leaves than PostgreSQL can count. */
const levels = 8;

export interface Leaf {
  sequence: number;
  eventId: string;
  hash: Buffer;
}

/** A leaf with its event, unless that is gone. */
export interface SealedLeaf extends Leaf {
  event: AuditEvent | null;
}

/** What was signed of the log. */
export interface Checkpoint {
  treeSize: number;
  rootHash: Buffer;
  /** The signed note (https://c2sp.org/tlog-checkpoint). */
  note: string;
  kid: string;
  createdAt: Date;
}

const checkpoints = sql`
  SELECT tree_size AS "treeSize", root_hash AS "rootHash", note, kid, created_at AS "createdAt" FROM log_checkpoints`;

/** Writes and reads the log. Nothing in it changes once it is written. */
@Injectable()
export class LogRepository {
  constructor(private readonly db: Database) {}

  /** Until the transaction ends. @returns false when somebody else seals just now */
  async takeTurn(): Promise<boolean> {
    const row = await this.db.first<{ taken: boolean }>(sql`SELECT pg_try_advisory_xact_lock(${sealingLock}) AS taken`);
    return row?.taken === true;
  }

  /** Takes the events that were committed first, and are not sealed. */
  takeUnsealed(most: number): Promise<AuditEvent[]> {
    return this.db.query<AuditEvent>(sql`
      WITH taken AS (
        DELETE FROM unsealed_events
        WHERE position IN (SELECT position FROM unsealed_events ORDER BY position LIMIT ${most})
        RETURNING position, event_id)
      SELECT ${eventColumns} FROM taken JOIN audit_events a ON a.id = taken.event_id ORDER BY taken.position`);
  }

  /** The number of leaves, and the hashes that make no complete tile, per level of tiles. */
  async edge(): Promise<{ size: number; edge: Buffer[][] }> {
    const last = await this.db.first<{ size: number }>(sql`SELECT max(sequence) AS size FROM sealed_events`);
    const size = last?.size ?? 0;
    return { size, edge: await this.incompleteTiles(size) };
  }

  /** The hashes of the last tile of each level, in a log of so many leaves. */
  async incompleteTiles(size: number): Promise<Buffer[][]> {
    const starts = Array.from(
      { length: levels },
      (_, level) => Math.floor(size / tileWidth ** (level + 1)) * tileWidth,
    );
    const leaves = await this.db.query<{ hash: Buffer }>(sql`
      SELECT leaf_hash AS hash FROM sealed_events WHERE sequence > ${starts[0]} AND sequence <= ${size} ORDER BY sequence`);
    const roots = await this.db.query<{ level: number; root: Buffer }>(sql`
      SELECT t.level, t.root FROM unnest(${starts.slice(1)}::bigint[]) WITH ORDINALITY AS s(start, above)
      JOIN log_tiles t ON t.level = s.above - 1 AND t.index >= s.start AND t.index < ${size} / (256 ^ s.above)::bigint
      ORDER BY t.level, t.index`);
    const above = starts
      .slice(1)
      .map((_, level) => roots.filter((tile) => tile.level === level).map(({ root }) => root));
    return [leaves.map(({ hash }) => hash), ...above];
  }

  async addLeaves(leaves: readonly Leaf[]): Promise<void> {
    await this.db.execute(sql`
      INSERT INTO sealed_events (sequence, event_id, leaf_hash)
      SELECT * FROM unnest(${leaves.map(({ sequence }) => sequence)}::bigint[], ${leaves.map(({ eventId }) => eventId)}::uuid[],
        ${leaves.map(({ hash }) => hash)}::bytea[])`);
  }

  async addTiles(tiles: readonly Tile[]): Promise<void> {
    if (tiles.length === 0) return;
    await this.db.execute(sql`
      INSERT INTO log_tiles (level, index, hashes, root)
      SELECT * FROM unnest(${tiles.map(({ level }) => level)}::smallint[], ${tiles.map(({ index }) => index)}::bigint[],
        ${tiles.map(({ hashes }) => hashes)}::bytea[], ${tiles.map(({ root }) => root)}::bytea[])`);
  }

  async addCheckpoint(size: number, root: Buffer, note: string, kid: string): Promise<void> {
    await this.db.execute(sql`
      INSERT INTO log_checkpoints (tree_size, root_hash, note, kid) VALUES (${size}, ${root}, ${note}, ${kid})`);
  }

  /** Complete tiles, those that there are. */
  tiles(wanted: readonly Pick<Tile, 'level' | 'index'>[]): Promise<Omit<Tile, 'root'>[]> {
    return this.db.query<Omit<Tile, 'root'>>(sql`
      SELECT t.level, t.index, t.hashes
      FROM unnest(${wanted.map(({ level }) => level)}::smallint[], ${wanted.map(({ index }) => index)}::bigint[]) AS w(level, index)
      JOIN log_tiles t ON t.level = w.level AND t.index = w.index`);
  }

  /** Leaves with their events; null for an event that is not there any more. */
  async sealed(from: number, to: number): Promise<SealedLeaf[]> {
    const rows = await this.db.query<AuditEvent & Leaf>(sql`
      SELECT s.sequence, s.event_id AS "eventId", s.leaf_hash AS hash, ${eventColumns}
      FROM sealed_events s LEFT JOIN audit_events a ON a.id = s.event_id
      WHERE s.sequence BETWEEN ${from} AND ${to} ORDER BY s.sequence`);
    return rows.map(({ sequence, eventId, hash, ...event }) => ({
      sequence,
      eventId,
      hash,
      event: event.id ? event : null,
    }));
  }

  /** The leaves of these events, in the order of the log; of those that are sealed. */
  leavesOf(eventIds: readonly string[]): Promise<Leaf[]> {
    return this.db.query<Leaf>(sql`
      SELECT sequence, event_id AS "eventId", leaf_hash AS hash FROM sealed_events
      WHERE event_id = ANY(${eventIds}::uuid[]) ORDER BY sequence`);
  }

  /** The records of deletions in a part of the log, of those that are among the first `size` leaves. A forged one may say anything. */
  async deletionRecords(from: number, to: number, size: number): Promise<SealedEvent[]> {
    const rows = await this.db.query<AuditEvent & { sequence: number }>(sql`
      SELECT s.sequence, ${eventColumns} FROM audit_events a JOIN sealed_events s ON s.event_id = a.id
      WHERE a.action = 'audit_log.period_deleted' AND a.outcome = 'ALLOWED' AND s.sequence <= ${size}
        AND CASE WHEN jsonb_typeof(a.after -> 'first') = 'number' AND jsonb_typeof(a.after -> 'last') = 'number'
          THEN (a.after ->> 'first')::numeric <= ${to} AND (a.after ->> 'last')::numeric >= ${from} ELSE FALSE END
      ORDER BY s.sequence`);
    return rows.map(({ sequence, ...event }) => ({ sequence, event }));
  }

  /** The checkpoint over so many leaves; the newest when no number is given. */
  checkpoint(size?: number): Promise<Checkpoint | undefined> {
    const which = size === undefined ? empty : sql`WHERE tree_size = ${size}`;
    return this.db.first<Checkpoint>(sql`${checkpoints} ${which} ORDER BY tree_size DESC LIMIT 1`);
  }

  /** The first checkpoint that covers a leaf. */
  checkpointOver(sequence: number): Promise<Checkpoint | undefined> {
    return this.db.first<Checkpoint>(sql`${checkpoints} WHERE tree_size >= ${sequence} ORDER BY tree_size LIMIT 1`);
  }

  /** The checkpoints over `from` to `to` leaves, by their sizes. */
  async checkpointsBetween(from: number, to: number): Promise<Map<number, Checkpoint>> {
    const found = await this.db.query<Checkpoint>(
      sql`${checkpoints} WHERE tree_size BETWEEN ${from} AND ${to} ORDER BY tree_size`,
    );
    return new Map(found.map((checkpoint) => [checkpoint.treeSize, checkpoint]));
  }

  /** How many events wait to be sealed. */
  async unsealed(): Promise<number> {
    const row = await this.db.first<{ count: number }>(sql`SELECT count(*) AS count FROM unsealed_events`);
    return row?.count ?? 0;
  }

  /** Of these events, the ones that are sealed, with their sequence numbers. */
  async sequencesOf(eventIds: readonly string[]): Promise<Map<string, number>> {
    const rows = await this.db.query<{ id: string; sequence: number }>(
      sql`SELECT event_id AS id, sequence FROM sealed_events WHERE event_id = ANY(${eventIds}::uuid[])`,
    );
    return new Map(rows.map(({ id, sequence }) => [id, sequence]));
  }
}
