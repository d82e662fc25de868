import { OutboundFailed, OutboundHttp, OutboundRefused } from '@app/outbound';
import { Config } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { DeliveryFailed, type Message, type Notifier, Undeliverable } from './notifier.js';

const patienceMs = 10_000;

/** Slack's own rule: these three characters, and no others (https://docs.slack.dev/messaging/formatting-message-text). */
const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

/** The answers after which the same call may still succeed. */
const mayPass = (status: number): boolean => status >= 500 || status === 408 || status === 429;

/** An incoming webhook, as Slack, Mattermost, Rocket.Chat and others understand it: one channel for the installation. */
@Injectable()
export class SlackNotifier implements Notifier {
  readonly #url: string | undefined;
  readonly isEnabled: boolean;

  constructor(
    config: Config,
    private readonly outbound: OutboundHttp,
  ) {
    this.#url = config.settings.SLACK_WEBHOOK_URL;
    this.isEnabled = this.#url !== undefined;
  }

  async send({ text }: Message): Promise<void> {
    if (this.#url === undefined) throw new Undeliverable('no channel is set up here');
    const status = await this.post(this.#url, JSON.stringify({ text: escaped(text) }));
    if (status >= 200 && status < 300) return;
    const why = `the channel answered ${status}`;
    throw mayPass(status) ? new DeliveryFailed(why) : new Undeliverable(why);
  }

  private async post(url: string, body: string): Promise<number> {
    try {
      const headers = { 'content-type': 'application/json' };
      return (await this.outbound.post({ url, headers, body, timeoutMs: patienceMs })).status;
    } catch (error) {
      if (error instanceof OutboundRefused) throw new Undeliverable('the channel may not be called', { cause: error });
      if (error instanceof OutboundFailed) throw new DeliveryFailed('the channel does not answer', { cause: error });
      throw error;
    }
  }
}
