import { OutboundHttp } from '@app/outbound';
import { Config, LOGGER } from '@app/platform';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { promotionEvents } from './promotion-event.js';
import { PromotionEventReader } from './promotion-event.reader.js';

const patienceMs = 10_000;

/** The answers after which the same call may still succeed. */
const mayPass = (status: number): boolean => status >= 500 || status === 408 || status === 429;

/** Tells a service of promotions by events of OpenLineage. For the worker: no right is asked of the caller. */
@Injectable()
export class PromotionEvents {
  constructor(
    private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly outbound: OutboundHttp,
    private readonly reader: PromotionEventReader,
  ) {}

  /**
   * Sends the events of a request that is closed, in their order: at least once, and again from the first one after a failure.
   * What the other side refuses is logged, and not sent again.
   * @throws Error when it may be taken later
   */
  async tell(requestId: string): Promise<void> {
    const { OPENLINEAGE_URL: url, OPENLINEAGE_NAMESPACE: namespace } = this.config.settings;
    if (url === undefined) return;
    const request = await this.reader.closed(requestId);
    if (!request) return;
    for (const event of promotionEvents(request, namespace ?? this.config.publicUrl)) {
      const status = await this.send(`${url.replace(/\/+$/, '')}/api/v1/lineage`, event);
      if (status >= 200 && status < 300) continue;
      if (mayPass(status)) throw new Error(`OPENLINEAGE_URL answered ${status}: the event is sent again`);
      this.logger.error({ requestNumber: request.number, status }, 'OPENLINEAGE_URL refuses an event: it is given up');
      return;
    }
  }

  private async send(url: string, event: object): Promise<number> {
    const { OPENLINEAGE_API_KEY: key } = this.config.settings;
    const headers = { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) };
    return (await this.outbound.post({ url, headers, body: JSON.stringify(event), timeoutMs: patienceMs })).status;
  }
}
