import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw, type Sql } from 'sql-template-tag';
import { experimentIdOf, pathAndFoldersAbove } from './artifact-path.js';

/** A file, as an object in the bucket. */
export interface ArtifactObject {
  id: string;
  key: string;
  size: number;
}

/** An object that nobody sees. */
export interface StagedObject {
  id: string;
  key: string;
  uploadId: string | null;
}

/** An upload that is made in parts by a client. `path` is set once it has been placed. */
export interface ClientUpload extends StagedObject {
  path: string | null;
}

/** What is staged is kept so long after it was last heard of. */
const keptFor = raw(`now() + interval '1 hour'`);
/** Whoever removes the bytes of an object says so first: from then on nothing brings it back. */
const condemned = raw(`expires_at = '-infinity'`);
const living = raw(`path IS NULL AND expires_at > '-infinity'`);
const staged = raw(`id, key, upload_id AS "uploadId"`);

/** Which object of the bucket is at which path: rows of artifact_objects. */
@Injectable()
export class ArtifactObjectRepository {
  constructor(private readonly db: Database) {}

  /** Before its bytes are sent, so that nothing can be in the bucket that no row knows. */
  async insert(object: {
    id: string;
    key: string;
    target?: string;
    createdBy?: string;
    seconds?: number;
  }): Promise<void> {
    await this.db.execute(sql`
      INSERT INTO artifact_objects (id, key, target, created_by, expires_at)
      VALUES (${object.id}::uuid, ${object.key}, ${object.target ?? null}, ${object.createdBy ?? null}::uuid,
        ${keptFor} + ${object.seconds ?? 0}::int4 * interval '1 second')`);
  }

  async began(id: string, uploadId: string): Promise<void> {
    await this.db.execute(sql`UPDATE artifact_objects SET upload_id = ${uploadId} WHERE id = ${id}::uuid`);
  }

  /** It goes on. */
  async touch(id: string): Promise<void> {
    await this.db.execute(sql`
      UPDATE artifact_objects SET expires_at = greatest(expires_at, ${keptFor}) WHERE id = ${id}::uuid AND ${living}`);
  }

  async completed(id: string, size: number, sha256?: string): Promise<void> {
    await this.db.execute(sql`
      UPDATE artifact_objects SET upload_id = NULL, size = ${size}, sha256 = ${sha256 ?? null},
        expires_at = greatest(expires_at, ${keptFor})
      WHERE id = ${id}::uuid AND ${living}`);
  }

  async clientUpload(id: string, target: string): Promise<ClientUpload | undefined> {
    return this.db.first<ClientUpload>(
      sql`SELECT ${staged}, path FROM artifact_objects WHERE id = ${id}::uuid AND target = ${target}`,
    );
  }

  /**
   * Call in a transaction, before one of the next two: what is at a path, above and below it stays so until it ends.
   * Files of different runs do not wait for each other.
   */
  async lock(path: string): Promise<void> {
    const [experiment, run] = pathAndFoldersAbove(path);
    const key = (of: string | undefined) => sql`hashtextextended(${`artifact objects of ${of}`}, 0)`;
    await this.db.execute(
      run
        ? sql`SELECT pg_advisory_xact_lock_shared(${key(experiment)}), pg_advisory_xact_lock(${key(run)})`
        : sql`SELECT pg_advisory_xact_lock(${key(experimentIdOf(path) ?? path)})`,
    );
  }

  /** A file that stands where the path has a folder, or any file below the path. */
  async inTheWay(path: string): Promise<string | undefined> {
    const above = pathAndFoldersAbove(path).slice(0, -1);
    const found = await this.db.first<{ path: string }>(
      sql`SELECT path FROM artifact_objects WHERE path = ANY(${above}::text[]) OR ${below(path)} LIMIT 1`,
    );
    return found?.path;
  }

  /** @returns false when it is there no more */
  async place(id: string, path: string): Promise<boolean> {
    return (
      (await this.db.execute(sql`
        UPDATE artifact_objects SET path = ${path}, expires_at = NULL
        WHERE id = ${id}::uuid AND ${living} AND upload_id IS NULL AND size IS NOT NULL`)) > 0
    );
  }

  /** Takes the file at a path, or all below it, from everybody's eyes. */
  takeAway(path: string): Promise<StagedObject[]> {
    return this.db.query<StagedObject>(sql`
      UPDATE artifact_objects SET path = NULL, target = NULL, ${condemned}
      WHERE path = ${path} OR ${below(path)} RETURNING ${staged}`);
  }

  /** @returns what may be removed now: nothing when it was placed, or is forgotten already */
  condemn(id: string): Promise<StagedObject[]> {
    return this.db.query<StagedObject>(
      sql`UPDATE artifact_objects SET ${condemned} WHERE id = ${id}::uuid AND path IS NULL RETURNING ${staged}`,
    );
  }

  /** The same of what nobody has been heard of for long, and of what was condemned by somebody who died. */
  condemnExpired(most: number): Promise<StagedObject[]> {
    return this.db.query<StagedObject>(sql`
      UPDATE artifact_objects SET ${condemned} WHERE path IS NULL AND id IN (
        SELECT id FROM artifact_objects WHERE path IS NULL AND expires_at < now() ORDER BY expires_at LIMIT ${most})
      RETURNING ${staged}`);
  }

  /** Once its bytes are gone. */
  async forget(id: string): Promise<void> {
    await this.db.execute(sql`DELETE FROM artifact_objects WHERE id = ${id}::uuid AND path IS NULL`);
  }

  byPath(path: string): Promise<ArtifactObject | undefined> {
    return this.db.first<ArtifactObject>(
      sql`SELECT id, key, size::float8 AS size FROM artifact_objects WHERE path = ${path}`,
    );
  }

  /** The next names below a folder, each once. */
  list(folder: string): Promise<{ name: string; isFolder: boolean; size: number }[]> {
    return this.db.query(sql`
      SELECT split_part(rest, '/', 1) AS name, bool_or(rest LIKE '%/%') AS "isFolder",
        sum(CASE WHEN rest LIKE '%/%' THEN 0 ELSE size END)::float8 AS size
      FROM (SELECT substr(path, char_length(${folder}) + 2) AS rest, size FROM artifact_objects WHERE ${below(folder)}) f
      GROUP BY 1 ORDER BY 1`);
  }

  /** Up to `most` files below a folder, behind one of them. */
  page(folder: string, after: string, most: number): Promise<{ path: string; size: number; sha256: string | null }[]> {
    return this.db.query(sql`
      SELECT path, size::float8 AS size, sha256 FROM artifact_objects
      WHERE ${below(folder)} AND path > ${after} ORDER BY path LIMIT ${most}`);
  }
}

/** "0" is the character behind "/": a range of the index. */
const below = (path: string): Sql => sql`(path >= ${`${path}/`} AND path < ${`${path}0`})`;
