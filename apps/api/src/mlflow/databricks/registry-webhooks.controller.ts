import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { SecurableRepository } from '@app/access';
import { RegistryWebhooks, type Webhook, WebhookDeliveries, WebhookReader, Webhooks } from '@app/webhook';
import { Body, Delete, Get, Patch, Query } from '@nestjs/common';
import { z } from 'zod';
import { Requires } from '../../http/requires.js';
import { ModelNames } from '../registry/model-names.js';
import { BodyOrQuery } from '../wire/body-or-query.js';
import { nextPageToken, nodesOf, pageArgs, search } from '../wire/page.js';
import { maxResults, omitUnset, optional, parseParams, repeated, required } from '../wire/parse.js';
import { PostOk } from '../wire/post.js';
import { MlflowController } from '../wire/words.js';
import {
  eventTypesOf,
  noJob,
  registryEvent,
  registryStatus,
  requireTellable,
  toRegistryWebhook,
  url,
  urlSpec,
} from './registry-webhook.js';

const settings = { description: optional(z.string()), status: optional(registryStatus), job_spec: noJob };
const createParams = z.object({
  ...settings,
  model_name: optional(z.string()),
  events: z.array(registryEvent).min(1, 'name at least one event'),
  http_url_spec: urlSpec,
});
const ofWebhook = z.object({ id: required });
const updateParams = ofWebhook.extend({ ...settings, events: repeated(registryEvent), http_url_spec: url });
const listParams = z.object({
  model_name: optional(z.string()),
  events: repeated(registryEvent),
  max_results: maxResults(1000, 100),
  page_token: optional(z.string()),
});

/** Longer than an attempt takes. */
const testSeconds = 20;

/**
 * Webhooks as the workspace registry has them: on a model, or on the whole registry. What they send is what every webhook
 * here sends (docs/webhooks.md).
 */
@MlflowController('api/2.0/mlflow/registry-webhooks')
export class RegistryWebhooksController {
  constructor(
    private readonly deliveries: WebhookDeliveries,
    private readonly lists: RegistryWebhooks,
    private readonly names: ModelNames,
    private readonly reader: WebhookReader,
    private readonly securables: SecurableRepository,
    private readonly webhooks: Webhooks,
  ) {}

  @Requires('MANAGE')
  @PostOk('create')
  async create(@Body() body: unknown) {
    const { model_name, events, description, status, http_url_spec } = parseParams(createParams, body);
    const model = model_name || undefined;
    requireTellable(events, model);
    const on = model
      ? ({ kind: 'REGISTERED_MODEL', fullName: this.names.full(model, 'model_name') } as const)
      : ({ kind: 'METASTORE', fullName: 'metastore' } as const);
    const { webhook } = await this.webhooks.create({
      on,
      name: `registry webhook ${randomBytes(6).toString('hex')}`,
      url: http_url_spec.url,
      eventTypes: eventTypesOf(events),
      description: description ?? null,
    });
    const made = status === 'DISABLED' ? await this.webhooks.update(webhook.id, { enabled: false }) : webhook;
    return { webhook: toRegistryWebhook(made, model) };
  }

  @Requires('MANAGE')
  @Get('list')
  async list(@Query() query: unknown) {
    const { model_name, events, max_results, page_token } = parseParams(listParams, query);
    const filter = {
      model: model_name ? this.names.full(model_name, 'model_name') : undefined,
      eventTypes: events.length > 0 ? eventTypesOf(events) : undefined,
    };
    const page = await search(page_token, () => this.lists.list(filter, pageArgs(max_results, page_token)));
    return omitUnset({ webhooks: await this.shown(nodesOf(page)), next_page_token: nextPageToken(page) });
  }

  @Requires('MANAGE')
  @Patch('update')
  async update(@Body() body: unknown) {
    const { id, description, status, events, http_url_spec } = parseParams(updateParams, body);
    const webhook = await this.webhooks.update(id, {
      ...(description !== undefined && { description }),
      ...(events.length > 0 && { eventTypes: eventTypesOf(events) }),
      ...(http_url_spec && { url: http_url_spec.url }),
      ...(status && { enabled: status === 'ACTIVE' }),
    });
    return { webhook: (await this.shown([webhook]))[0] };
  }

  @Requires('MANAGE')
  @Delete('delete')
  async delete(@BodyOrQuery() params: unknown) {
    await this.webhooks.delete(parseParams(ofWebhook, params).id);
    return {};
  }

  /** Answers when the receiver has, or its time is over. */
  @Requires('MANAGE')
  @PostOk('test')
  async test(@Body() body: unknown) {
    let delivery = await this.deliveries.test(parseParams(ofWebhook, body).id);
    for (let tenth = 0; delivery.status === 'PENDING' && tenth < 10 * testSeconds; tenth += 1) {
      await setTimeout(100);
      delivery = await this.deliveries.get(delivery.id);
    }
    const [line] = await this.reader.attemptsOf([delivery.id]);
    return omitUnset({ status_code: line?.statusCode, body: line?.error ?? line?.response });
  }

  private async shown(webhooks: readonly Webhook[]) {
    const places = await this.securables.byIds([...new Set(webhooks.map(({ securableId }) => securableId))]);
    return webhooks.map((webhook) => {
      const place = places.find(({ id }) => id === webhook.securableId);
      return toRegistryWebhook(webhook, place?.kind === 'METASTORE' ? undefined : place?.fullName);
    });
  }
}
