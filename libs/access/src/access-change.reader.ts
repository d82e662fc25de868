import { Database, FailedPrecondition } from '@app/platform';
import { Injectable } from '@nestjs/common';
import type { Sql } from 'sql-template-tag';
import type { AccessDifference, AccessPreview, Ref, ResolvedChanges } from './access-change.js';
import { affectedBy, after, cycleIn, differencesOf, snapshotsOf } from './access-change-sql.js';
import type { AccessSnapshot } from './access-snapshot.js';
import type { Principal } from './principal.js';
import type { Privilege } from './privilege.js';
import type { SecurableKind } from './securable.js';
import { stored } from './snapshot-sql.js';

type Told = Ref & { privilege: Privilege };

interface Differences {
  gained: Told[];
  lost: Told[];
  gainedCount: number;
  lostCount: number;
}

/** How many principals are looked at, for how long new ones are, and how many differences of each sort are listed. */
export const previewLimits = { principals: 100, milliseconds: 10_000, rows: 500 };

/** The rights of so many are held at once. */
const chunk = 10;

/** What changes would bring about, computed without making them. It checks no rights. */
@Injectable()
export class AccessChangeReader {
  constructor(private readonly db: Database) {}

  /** @param visible for each kind, the objects to tell of, over the row `s` of `securables` */
  async preview(changes: ResolvedChanges, visible: Record<SecurableKind, Sql>): Promise<AccessPreview> {
    const found = await this.db.query<Principal & { affected: number }>(affectedBy(changes, previewLimits.principals));
    const principals = found.map(({ affected, ...principal }) => principal);
    const preview: AccessPreview = {
      gained: [],
      lost: [],
      gainedCount: 0,
      lostCount: 0,
      affectedPrincipalCount: found[0]?.affected ?? 0,
      truncatedBy: [],
    };
    const end = Date.now() + previewLimits.milliseconds;
    let looked = 0;
    while (looked < principals.length && (looked === 0 || Date.now() < end)) {
      const some = principals.slice(looked, looked + chunk);
      await this.lookAt(some, changes, visible, preview);
      looked += some.length;
    }
    if (preview.affectedPrincipalCount > looked) preview.truncatedBy.push('PRINCIPALS');
    const listed = preview.gained.length + preview.lost.length;
    if (preview.gainedCount + preview.lostCount > listed) preview.truncatedBy.push('ROWS');
    return preview;
  }

  private async lookAt(
    principals: readonly Principal[],
    changes: ResolvedChanges,
    visible: Record<SecurableKind, Sql>,
    preview: AccessPreview,
  ): Promise<void> {
    const [before, later] = await this.snapshots(principals, changes);
    for (const principal of principals) {
      const [was, is] = [before.get(principal.id), later.get(principal.id)];
      const statement = was && is && differencesOf(was, is, changes.owners, visible, previewLimits.rows);
      const row = statement && (await this.db.first<Differences>(statement));
      if (row) add(preview, principal, row);
    }
  }

  /** @throws FailedPrecondition naming the membership that would close a cycle */
  async requireNoCycle(changes: ResolvedChanges): Promise<void> {
    const cycle = await this.db.first<{ groupName: string; memberName: string }>(cycleIn(changes));
    if (!cycle) return;
    throw new FailedPrecondition(
      'MEMBERSHIP_CYCLE',
      `addMembers: "${cycle.memberName}" in "${cycle.groupName}" would close a cycle`,
    );
  }

  private async snapshots(principals: readonly Principal[], changes: ResolvedChanges) {
    const ids = principals.map(({ id }) => id);
    const read = async (sources: typeof stored) => {
      const rows = await this.db.query<AccessSnapshot & { id: string }>(snapshotsOf(ids, sources));
      return new Map(rows.map((row) => [row.id, row]));
    };
    return [await read(stored), await read(after(changes))] as const;
  }
}

function add(preview: AccessPreview, principal: Principal, row: Differences): void {
  for (const sort of ['gained', 'lost'] as const) {
    preview[`${sort}Count`] += row[`${sort}Count`];
    const rest = previewLimits.rows - preview[sort].length;
    preview[sort].push(...row[sort].slice(0, rest).map((told): AccessDifference => ({ ...told, principal })));
  }
}
