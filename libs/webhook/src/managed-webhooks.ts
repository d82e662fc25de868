import { Access, type Securable, type SecurableKind, SecurableRepository } from '@app/access';
import { type Caller, InvalidArgument, NotFound } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { NIL } from 'uuid';
import type { Webhook } from './webhook.js';
import { WebhookRepository } from './webhook.repository.js';

interface Managed {
  caller: Caller;
  webhook: Webhook;
  securable: Securable;
}

/** Where a webhook hangs. */
export interface WebhookPlace {
  kind: SecurableKind;
  fullName: string;
}

/** Who may see and change a webhook: a holder of MANAGE on what it hangs on, and nobody else. */
@Injectable()
export class ManagedWebhooks {
  constructor(
    private readonly access: Access,
    private readonly securables: SecurableRepository,
    private readonly webhooks: WebhookRepository,
  ) {}

  /**
   * @param asked what the caller named, when it is something of the webhook
   * @throws NotFound when it is absent, or the caller may not know of its securable; PermissionDenied
   */
  async byId(id: string, asked = { noun: 'Webhook', name: id }): Promise<Managed> {
    const webhook = await this.webhooks.byId(id);
    // Of the absent too: what is hidden takes no statement more.
    const securable = await this.securables.byId(webhook?.securableId ?? NIL);
    const kind = securable?.kind ?? 'METASTORE';
    const { caller, object } = await this.access.authorize('MANAGE', securable, kind, asked.name, asked.noun);
    if (!webhook) throw new NotFound(asked.noun, asked.name);
    return { caller, webhook, securable: object };
  }

  /**
   * A securable that webhooks of the caller's can hang on.
   * @throws NotFound, PermissionDenied; InvalidArgument for an experiment
   */
  async place({ kind, fullName }: WebhookPlace): Promise<{ caller: Caller; object: Securable }> {
    const found = await this.securables.byFullName(kind, fullName);
    const managed = await this.access.authorize('MANAGE', found, kind, fullName);
    if (kind !== 'EXPERIMENT') return managed;
    throw new InvalidArgument('securable: experiments have no webhooks: name a model, or what it is in', ['securable']);
  }
}
