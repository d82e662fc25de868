import { Config } from '@app/platform';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { createTransport, type Transporter } from 'nodemailer';
import { DeliveryFailed, type Message, type Notifier, Undeliverable } from './notifier.js';

const patienceMs = 20_000;

interface SmtpError extends Error {
  code?: string;
  responseCode?: number;
}

/** The server will never take mail for this address: RFC 5321, section 4.2.1. Wrong credentials are ours to mend. */
const isFinal = ({ code, responseCode = 0 }: SmtpError): boolean => code === 'EENVELOPE' && responseCode >= 500;

/** Mail, over SMTP. */
@Injectable()
export class EmailNotifier implements Notifier, OnModuleInit, OnApplicationShutdown {
  readonly #transport: Transporter | undefined;
  readonly isEnabled: boolean;

  constructor(private readonly config: Config) {
    const { SMTP_URL } = config.settings;
    this.isEnabled = SMTP_URL !== undefined;
    if (SMTP_URL === undefined) return;
    const timeouts = { connectionTimeout: patienceMs, greetingTimeout: patienceMs, socketTimeout: patienceMs };
    // What a message is made of is here: nothing in it may have a file or a URL read.
    const access = { disableFileAccess: true, disableUrlAccess: true };
    this.#transport = createTransport({ url: SMTP_URL, ...timeouts, ...access });
  }

  /** @throws Error when there is a server, and nobody whom mail could be from */
  onModuleInit(): void {
    const { SMTP_URL, MAIL_FROM } = this.config.settings;
    if (SMTP_URL && !MAIL_FROM) throw new Error('MAIL_FROM (not set): must be a mailbox, since SMTP_URL is set');
  }

  async send({ id, subject, text, html }: Message, address: string): Promise<void> {
    if (!this.#transport) throw new Undeliverable('mail is not set up here');
    try {
      await this.#transport.sendMail({
        from: this.config.settings.MAIL_FROM,
        // An object: the address is taken as one, whatever stands in it.
        to: { name: '', address },
        subject,
        text,
        html,
        messageId: `<${id}@${new URL(this.config.publicUrl).hostname}>`,
        // RFC 3834: nobody's absence is to be answered to us.
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
    } catch (error) {
      const { code = 'unknown', responseCode } = error as SmtpError;
      const why = responseCode
        ? `the mail server answered ${responseCode}`
        : `the mail server cannot be used (${code})`;
      throw isFinal(error as SmtpError)
        ? new Undeliverable(why, { cause: error })
        : new DeliveryFailed(why, { cause: error });
    }
  }

  onApplicationShutdown(): void {
    this.#transport?.close();
  }
}
