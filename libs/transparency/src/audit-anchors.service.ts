import { Injectable } from '@nestjs/common';
import type { Anchor } from './anchor.js';
import type { AnchorState } from './anchor.repository.js';
import { Anchoring } from './anchoring.service.js';
import { MetastoreRights } from './metastore-rights.js';

/** An anchor, as auditors are shown it. */
export type AuditAnchor = Pick<Anchor, 'kind' | 'place'> &
  Pick<AnchorState, 'treeSize' | 'anchoredAt' | 'error' | 'failedAt' | 'inconsistent' | 'ageSeconds'>;

const untried = {
  treeSize: null,
  anchoredAt: null,
  error: null,
  failedAt: null,
  inconsistent: false,
  ageSeconds: 0,
};

/** Where checkpoints are kept beside the database, for auditors. */
@Injectable()
export class AuditAnchors {
  constructor(
    private readonly anchoring: Anchoring,
    private readonly rights: MetastoreRights,
  ) {}

  /** In the order of AUDIT_ANCHORS. Needs READ_AUDIT on the metastore. @throws NotFound, PermissionDenied */
  async list(): Promise<AuditAnchor[]> {
    await this.rights.require('READ_AUDIT');
    const states = await this.anchoring.states();
    return states.map(({ anchor: { kind, place }, state }) => ({ ...untried, ...state, kind, place }));
  }
}
