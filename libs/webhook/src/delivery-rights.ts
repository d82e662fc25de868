import {
  Access,
  AccessSnapshots,
  METASTORE_ID,
  type Principal,
  PrincipalRepository,
  type Securable,
  SecurableRepository,
} from '@app/access';
import { actAs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { ruleOfEventType } from './event-type.js';
import type { ToldEvent } from './told-event.js';

/** Why an event is not sent: the owner may not have this webhook any more, or may not see this event. */
export type Obstacle = 'OWNER' | 'EVENT';

/**
 * What a webhook sends, it sends by the rights that its owner has at that moment: it tells him nothing that he could not
 * see himself.
 */
@Injectable()
export class DeliveryRights {
  constructor(
    private readonly access: Access,
    private readonly principals: PrincipalRepository,
    private readonly securables: SecurableRepository,
    private readonly snapshots: AccessSnapshots,
  ) {}

  /** What is in the way of sending an event; undefined when nothing is. */
  async obstacle(
    { ownerId, securableId }: { ownerId: string; securableId: string },
    event: ToldEvent,
  ): Promise<Obstacle | undefined> {
    const owner = await this.principals.byId(ownerId);
    const securable = await this.securables.byId(securableId);
    if (!owner || !securable) return 'OWNER';
    return this.as(owner, async () => {
      if (!(await this.access.allowed('MANAGE', securable))) return 'OWNER';
      return (await this.shows(event)) ? undefined : 'EVENT';
    });
  }

  private as<T>({ id, name, kind }: Principal, work: () => Promise<T>): Promise<T> {
    return actAs({ id, name, kind }, () => {
      // The run may have begun before a right was taken away.
      this.snapshots.refresh();
      return work();
    });
  }

  private async shows(event: ToldEvent): Promise<boolean> {
    if (await this.access.mayReadAudit(event)) return true;
    const place = await this.placeOf(event);
    for (const question of ruleOfEventType(event.action)?.shownBy ?? [])
      if (place && (await this.access.allowed(question, place))) return true;
    return false;
  }

  /** What it happened to; when that is gone, what it was in. */
  private async placeOf({ securableId, schemaId, catalogId }: ToldEvent): Promise<Securable | undefined> {
    const path = [securableId, schemaId, catalogId, METASTORE_ID].filter((id) => id !== null);
    const found = await this.securables.byIds([...new Set(path)]);
    return path
      .map((id) => found.find((securable) => securable.id === id))
      .find((securable) => securable !== undefined);
  }
}
