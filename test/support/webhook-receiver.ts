import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook as Verifier } from 'standardwebhooks';

/** A request as it arrived. */
export interface Received {
  path: string;
  headers: Record<string, string>;
  body: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what was sent, of any shape.
  event: any;
}

export interface ReceiverAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** A receiver of webhooks on 127.0.0.1, which answers as it is told. */
export interface WebhookReceiver {
  url: string;
  received: Received[];
  /** How the next requests are answered; `null`: not at all, until it is closed. 204 at first. */
  answer(decide: (request: Received) => ReceiverAnswer | null): void;
  /** How many requests are open at most at the same time, so far. */
  mostAtOnce(): number;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<WebhookReceiver> {
  const received: Received[] = [];
  let decide: (request: Received) => ReceiverAnswer | null = () => ({ status: 204 });
  let open = 0;
  let most = 0;
  const server = http.createServer((request, response) => {
    most = Math.max(most, ++open);
    response.once('close', () => open--);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const headers = request.headers as Record<string, string>;
      const got = { path: request.url ?? '', headers, body, event: JSON.parse(body) };
      received.push(got);
      const answer = decide(got);
      if (answer) response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hooks`,
    received,
    answer: (next) => {
      decide = next;
    },
    mostAtOnce: () => most,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Whether a receiver that knows this secret believes the request, by the library of Standard Webhooks. */
export function isBelieved({ headers, body }: Received, secret: string): boolean {
  try {
    new Verifier(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}
