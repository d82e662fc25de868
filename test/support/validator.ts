import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Validators } from '@app/policy';
import { Webhook } from 'standardwebhooks';
import type { TestPrincipal } from './factories.js';
import type { TestModule } from './module.js';

/** What a validator is sent, as docs/gates.md describes it. */
export interface AskedEvent {
  id: string;
  type: string;
  source: string;
  subject: string;
  data: {
    question: Record<string, unknown>;
    gateRunId: string;
    attempt: number;
    report: { url: string; token: string; until: string };
  };
}

interface Answer {
  status: number;
  body?: string | object;
  headers?: Record<string, string>;
}

export const passed = { status: 'PASSED', summary: 'parity is 0.97, at least 0.9', output: { parity: 0.97 } };

/** A validator that listens on 127.0.0.1, and believes only what is signed with its secret. */
export class TestValidator {
  /** What it believes; the service tells it when the validator is made. */
  secret = '';
  /** What it was asked, in order, with the id of the message. */
  readonly asked: (AskedEvent & { messageId: string })[] = [];
  /** How it answers the next calls; a promise that does not resolve keeps the caller waiting. */
  answer: (event: AskedEvent) => Answer | Promise<Answer> = () => ({ status: 200, body: passed });

  private readonly server = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    let event: AskedEvent;
    try {
      event = new Webhook(this.secret).verify(body, request.headers as Record<string, string>) as AskedEvent;
    } catch (error) {
      response.writeHead(401).end(String(error));
      return;
    }
    this.asked.push({ ...event, messageId: String(request.headers['webhook-id']) });
    const { status, body: answer = '', headers } = await this.answer(event);
    response.writeHead(status, headers).end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  });

  static async start(): Promise<TestValidator> {
    const validator = new TestValidator();
    await new Promise<void>((resolve) => validator.server.listen(0, '127.0.0.1', resolve));
    return validator;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/judge`;
  }

  /** Makes it known to the service under a name. */
  async register(t: Pick<TestModule, 'as' | 'module'>, admin: TestPrincipal, name: string): Promise<void> {
    const { secret } = await t.as(admin, () => t.module.get(Validators).create({ name, url: this.url }));
    this.secret = secret;
  }

  last(): AskedEvent & { messageId: string } {
    const event = this.asked.at(-1);
    if (!event) throw new Error('the validator was not asked');
    return event;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
