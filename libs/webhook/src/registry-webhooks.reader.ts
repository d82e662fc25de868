import { Access, type Securable, type SecurableKind } from '@app/access';
import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { join } from 'sql-template-tag';
import { ManagedWebhooks } from './managed-webhooks.js';
import type { Webhook } from './webhook.js';
import { webhookColumns } from './webhook.repository.js';

export interface RegistryWebhookFilter {
  /** The full name of a model: those on it alone. */
  model?: string | undefined;
  /** Told of one of these types by its name. */
  eventTypes?: readonly string[] | undefined;
}

const places: readonly SecurableKind[] = ['METASTORE', 'REGISTERED_MODEL'];

/** Webhooks on the metastore and on models, as clients know them who know of no catalogs. */
@Injectable()
export class RegistryWebhooks {
  constructor(
    private readonly access: Access,
    private readonly db: Database,
    private readonly managed: ManagedWebhooks,
  ) {}

  /**
   * Those that the caller manages, the oldest first.
   * @throws NotFound, PermissionDenied for the model
   */
  async list({ model, eventTypes }: RegistryWebhookFilter, args: PageArgs): Promise<Page<Webhook>> {
    const on = model === undefined ? undefined : await this.on(model);
    const managed = await Promise.all(
      places.map(async (kind) => sql`(s.kind = ${kind} AND ${await this.access.where('MANAGE', kind, 's')})`),
    );
    // MLflow's format has words of its own for events.
    const conditions = [
      sql`w.format = 'CLOUD_EVENTS'`,
      on ? sql`w.securable_id = ${on.id}::uuid` : sql`(${join(managed, ' OR ')})`,
      ...(eventTypes ? [sql`w.event_types && ${[...eventTypes]}::text[]`] : []),
    ];
    return keysetPage<Webhook, Webhook>(this.db, {
      select: webhookColumns,
      from: sql`webhooks w JOIN securables s ON s.id = w.securable_id`,
      where: join(conditions, ' AND '),
      orderName: 'ID ASC',
      order: [{ expression: sql`w.id`, type: 'uuid', direction: 'ASC' }],
      args,
      toNode: (webhook) => webhook,
    });
  }

  private async on(fullName: string): Promise<Securable> {
    return (await this.managed.place({ kind: 'REGISTERED_MODEL', fullName })).object;
  }
}
