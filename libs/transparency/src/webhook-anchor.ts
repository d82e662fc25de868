import { cloudEvent, type OutboundHttp, signed } from '@app/outbound';
import type { Config } from '@app/platform';
import type { Checkpoint } from './log.repository.js';

/** Sends checkpoints to somebody else, in the form of the webhooks: CloudEvents, signed as Standard Webhooks say. */
export class WebhookAnchor {
  constructor(
    private readonly url: string,
    private readonly config: Config,
    private readonly http: OutboundHttp,
  ) {}

  /** @throws OutboundRefused, OutboundFailed; Error for every answer but 2xx */
  async write({ treeSize, rootHash, note, createdAt }: Checkpoint): Promise<void> {
    const { AUDIT_LOG_ORIGIN: origin, AUDIT_ANCHOR_SECRET, WEBHOOK_TIMEOUT_SECONDS } = this.config.settings;
    // The same for each try: receivers know by it what they have.
    const id = `audit-checkpoint-${treeSize}-${rootHash.toString('hex').slice(0, 16)}`;
    const body = JSON.stringify(
      cloudEvent({
        id,
        type: 'imprimatur.audit_checkpoint.signed',
        source: this.config.publicUrl,
        subject: origin,
        time: createdAt,
        data: { origin, treeSize, rootHash: rootHash.toString('base64'), note },
      }),
    );
    const headers = {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      ...signed({ id, timestamp: new Date(), body, secrets: [AUDIT_ANCHOR_SECRET as string] }),
    };
    const timeoutMs = WEBHOOK_TIMEOUT_SECONDS * 1000;
    const { status } = await this.http.post({ url: this.url, headers, body, timeoutMs, maxResponseBytes: 1024 });
    if (status < 200 || status > 299) throw new Error(`the receiver answered ${status}`);
  }
}
