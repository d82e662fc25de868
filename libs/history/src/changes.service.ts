import { Access, type Securable, SecurableRepository } from '@app/access';
import { InvalidArgument, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import type { NetChange } from './change.js';
import { ChangeReader } from './change.reader.js';
import type { ChangeScope } from './change-sql.js';
import { DeletedPeriods } from './deleted-periods.reader.js';
import { pastInstant } from './instant.js';

/** A model, or a schema with all that is in it, and two instants. */
export interface AskedChanges {
  object: Pick<Securable, 'kind' | 'fullName'>;
  from: Date;
  to: Date;
}

/** What is different in a model or a schema between two instants, and which events made it so. Needs READ_AUDIT on it. */
@Injectable()
export class Changes {
  constructor(
    private readonly access: Access,
    private readonly deletedPeriods: DeletedPeriods,
    private readonly reader: ChangeReader,
    private readonly securables: SecurableRepository,
  ) {}

  /**
   * Of a model that stood elsewhere meanwhile, what the caller may read the audit of.
   * @throws NotFound, PermissionDenied; InvalidArgument for another kind of object, or instants that are no span of the past;
   * FailedPrecondition when events were deleted
   */
  async between(asked: AskedChanges, args: PageArgs): Promise<Page<NetChange>> {
    return this.reader.page(await this.scope(asked), args);
  }

  /** @throws as between */
  async count(asked: AskedChanges): Promise<number> {
    return this.reader.count(await this.scope(asked));
  }

  private async scope({ object: { kind, fullName }, from, to }: AskedChanges): Promise<ChangeScope> {
    const found = await this.securables.byFullName(kind, fullName);
    const { object } = await this.access.authorize('READ_AUDIT', found, kind, fullName);
    if (kind !== 'REGISTERED_MODEL' && kind !== 'SCHEMA') {
      throw new InvalidArgument(`fullName: "${fullName}" is no model and no schema: ask for one of them`, ['fullName']);
    }
    if (from >= to) {
      throw new InvalidArgument(`from: ${from.toISOString()} is not before to, ${to.toISOString()}`, ['from']);
    }
    await this.deletedPeriods.demandNone(kind);
    const place = kind === 'SCHEMA' ? sql`e.schema_id = ${object.id}::uuid` : sql`e.securable_id = ${object.id}::uuid`;
    return { place, visible: await this.access.whereMayReadAudit('e'), from, to: pastInstant(to, 'to') };
  }
}
