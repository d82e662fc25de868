import { InvalidArgument, NotFound } from '@app/platform';
import { type Webhook, WebhookDeliveries, WebhookReader, Webhooks } from '@app/webhook';
import { Body, Delete, Get, Param, Patch, Query } from '@nestjs/common';
import { z } from 'zod';
import { Requires } from '../../http/requires.js';
import { nextPageToken, nodesOf, pageArgs, search } from '../wire/page.js';
import { omitUnset, optional, parseParams, repeated, required, wholeNumber } from '../wire/parse.js';
import { PostOk } from '../wire/post.js';
import { MlflowController } from '../wire/words.js';
import { requireWebhookName, requireWebhookUrl, toMlflowEvent, webhookEvent, webhookStatus } from './webhook-events.js';

const createParams = z.object({
  name: required,
  url: z.string(),
  description: optional(z.string()),
  events: z.array(webhookEvent).min(1, 'name at least one event'),
  secret: optional(z.string()),
  status: optional(webhookStatus),
});
const updateParams = z.object({
  name: optional(required),
  url: optional(z.string()),
  description: optional(z.string()),
  events: repeated(webhookEvent),
  secret: optional(z.string()),
  status: optional(webhookStatus),
});
const ofPage = 'max_results must be between 1 and 1000.';
const listParams = z.object({
  max_results: wholeNumber.pipe(z.number().min(1, ofPage).max(1000, ofPage)).default(100),
  page_token: optional(z.string()),
});
const testParams = z.object({ event: optional(webhookEvent) });

/** MLflow's webhooks belong to a whole registry: they are those of its format on the metastore. */
const place = { kind: 'METASTORE', fullName: 'metastore' } as const;

@MlflowController('api/2.0/mlflow/webhooks')
export class WebhooksController {
  constructor(
    private readonly deliveries: WebhookDeliveries,
    private readonly reader: WebhookReader,
    private readonly webhooks: Webhooks,
  ) {}

  @Requires('MANAGE')
  @PostOk('')
  async create(@Body() body: unknown) {
    const { events, status, secret, description, ...named } = parseParams(createParams, body);
    requireWebhookName(named.name);
    requireWebhookUrl(named.url);
    const { webhook } = await told(() =>
      this.webhooks.create({
        ...named,
        on: place,
        format: 'MLFLOW',
        description: description ?? null,
        eventTypes: events,
        secret: secret || null,
        enabled: status !== 'DISABLED',
      }),
    );
    return { webhook: toMlflowWebhook(webhook) };
  }

  @Requires('MANAGE')
  @Get()
  async list(@Query() query: unknown) {
    const { max_results, page_token } = parseParams(listParams, query);
    const page = await search(page_token, () => this.reader.ofMlflow(pageArgs(max_results, page_token)));
    return omitUnset({ webhooks: nodesOf(page).map(toMlflowWebhook), next_page_token: nextPageToken(page) });
  }

  @Requires('MANAGE')
  @Get(':webhook_id')
  async get(@Param('webhook_id') id: string) {
    return { webhook: toMlflowWebhook(await this.byId(id)) };
  }

  @Requires('MANAGE')
  @Patch(':webhook_id')
  async update(@Param('webhook_id') id: string, @Body() body: unknown) {
    const { name, url, description, events, secret, status } = parseParams(updateParams, body);
    requireWebhookName(name);
    requireWebhookUrl(url);
    await this.byId(id);
    const changes = {
      ...(name !== undefined && { name }),
      ...(url !== undefined && { url }),
      ...(description !== undefined && { description }),
      ...(events.length > 0 && { eventTypes: events }),
      ...(secret && { secret }),
      ...(status !== undefined && { enabled: status === 'ACTIVE' }),
    };
    return { webhook: toMlflowWebhook(await told(() => this.webhooks.update(id, changes))) };
  }

  @Requires('MANAGE')
  @Delete(':webhook_id')
  async delete(@Param('webhook_id') id: string) {
    await this.byId(id);
    await this.webhooks.delete(id);
    return {};
  }

  /** Answers when the receiver has, or its time is over. */
  @Requires('MANAGE')
  @PostOk(':webhook_id/test')
  async test(@Param('webhook_id') id: string, @Body() body: unknown) {
    const { event } = parseParams(testParams, body);
    await this.byId(id);
    const { statusCode, response, error } = await this.deliveries.testNow(id, event);
    const success = statusCode !== null && statusCode >= 200 && statusCode < 300;
    return {
      result: omitUnset({ success, response_status: statusCode, response_body: response, error_message: error }),
    };
  }

  /** @throws NotFound also for one of another format: MLflow's clients could not tell what it is told of */
  private async byId(id: string): Promise<Webhook> {
    const webhook = await this.webhooks.get(id);
    if (webhook.format !== 'MLFLOW') throw new NotFound('Webhook', id);
    return webhook;
  }
}

/** What is wrong with an event is told by the name that the field has here. */
async function told<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof InvalidArgument) || error.path?.[0] !== 'eventTypes') throw error;
    throw new InvalidArgument(error.message.replace(/^eventTypes/, 'events'), ['events']);
  }
}

const toMlflowWebhook = (webhook: Webhook) =>
  omitUnset({
    webhook_id: webhook.id,
    name: webhook.name,
    url: webhook.url,
    description: webhook.description,
    events: webhook.eventTypes.map(toMlflowEvent),
    status: webhook.status,
    creation_timestamp: webhook.createdAt.getTime(),
    last_updated_timestamp: webhook.updatedAt.getTime(),
  });
