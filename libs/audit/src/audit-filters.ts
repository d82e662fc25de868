import { PrincipalRepository } from '@app/access';
import { NotFound } from '@app/platform';
import { Injectable } from '@nestjs/common';
import type { AskedAuditFilter, AuditFilter } from './audit-filter.js';

/** The one reading of what people ask the audit trail for, whichever door they come to. */
@Injectable()
export class AuditFilters {
  constructor(private readonly principals: PrincipalRepository) {}

  /** @throws NotFound when no principal has the name of the actor: nothing found would look like nothing done */
  async read({ actor, ...asked }: AskedAuditFilter): Promise<AuditFilter> {
    if (actor == null) return asked;
    const principal = await this.principals.byName(actor);
    if (!principal) throw new NotFound('Principal', actor);
    return { ...asked, actorId: principal.id };
  }
}
