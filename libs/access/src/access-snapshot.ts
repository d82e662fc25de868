import { currentContext, Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import type { Privilege } from './privilege.js';
import type { SecurableKind } from './securable.js';
import { snapshotOf } from './snapshot-sql.js';

/** Everything that decides for one principal, read in one statement. Owned models and experiments are not in it: their rows name the owner. */
export interface AccessSnapshot {
  version: number;
  /** The principal itself, its groups however nested, and everyone. Of a disabled one, none: it may do nothing. */
  principalIds: string[];
  /** `source`: what an explanation calls the grant that this comes from. */
  grants: { privilege: Privilege; kind: SecurableKind; ids: string[]; source?: string }[];
  ownsMetastore: boolean;
  ownedCatalogIds: string[];
  ownedSchemaIds: string[];
  /** Milliseconds from when it was read until the first grant in it expires, by the clock of PostgreSQL; null: none does. */
  validFor: number | null;
}

interface Cached {
  snapshot: AccessSnapshot;
  /** On this process's monotonic clock: when its wall clock is wrong, or is set, a grant expires all the same. */
  until: number;
}

const cachedPrincipals = 2000;

/**
 * Snapshots, cached by principal and by the access version, which every change that can alter a decision moves in its
 * own transaction: a cached snapshot is never older than the last committed change.
 */
@Injectable()
export class AccessSnapshots {
  private readonly cache = new Map<string, Cached>();

  constructor(private readonly db: Database) {}

  async of(principalId: string): Promise<AccessSnapshot> {
    const context = currentContext();
    const version = context?.memo.accessVersion ?? (await this.currentVersion());
    const cached = this.cache.get(principalId);
    if (cached?.snapshot.version === version && performance.now() < cached.until) return cached.snapshot;

    const asked = performance.now();
    const snapshot = await this.load(principalId);
    // Inside a transaction the snapshot may hold changes that are rolled back later: use it, do not keep it.
    if (!context?.transaction) {
      this.keep(principalId, { snapshot, until: asked + (snapshot.validFor ?? Number.POSITIVE_INFINITY) });
      if (context) context.memo.accessVersion = snapshot.version;
    }
    return snapshot;
  }

  /** From the next question on, rights are read as they are then: for what was waited for since the request came in. */
  refresh(): void {
    const context = currentContext();
    if (context) context.memo.accessVersion = undefined;
  }

  /** Call in the transaction of every change of grants, memberships, owners or containers. */
  async changed(): Promise<void> {
    await this.db.execute(sql`UPDATE access_version SET version = version + 1 WHERE id = 1`);
    this.refresh();
  }

  private async currentVersion(): Promise<number> {
    const row = await this.db.first<{ version: number }>(sql`SELECT version FROM access_version WHERE id = 1`);
    return row?.version ?? 0;
  }

  private keep(principalId: string, cached: Cached): void {
    this.cache.delete(principalId);
    this.cache.set(principalId, cached);
    const oldest = this.cache.size > cachedPrincipals ? this.cache.keys().next().value : undefined;
    if (oldest) this.cache.delete(oldest);
  }

  private async load(principalId: string): Promise<AccessSnapshot> {
    const row = await this.db.first<AccessSnapshot>(snapshotOf(sql`${principalId}::uuid`));
    if (!row) throw new Error('the access snapshot statement answers with one row');
    return row;
  }
}
