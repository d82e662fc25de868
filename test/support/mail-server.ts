import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface ReceivedMail {
  to: string[];
  /** As it came: headers, an empty line, the body. */
  raw: string;
  /** By name in lower case, unfolded. */
  headers: Record<string, string>;
  /** Text and HTML, with quoted-printable undone. */
  body: string;
}

const decoded = (encoded: string): string =>
  encoded.replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));

/** A header without the words of RFC 2047, as far as they are quoted-printable. */
const decodedHeader = (header: string): string =>
  header
    .replace(/\?= =\?/g, '?==?')
    .replace(/=\?UTF-8\?Q\?(.*?)\?=/g, (_, word: string) => decoded(word.replaceAll('_', ' ')));

function parse(to: string[], raw: string): ReceivedMail {
  const [head = '', ...rest] = raw.split('\r\n\r\n');
  const lines = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      decodedHeader(line.slice(line.indexOf(':') + 2)),
    ]),
  );
  const body = decoded(rest.join('\r\n\r\n').replace(/=\r\n/g, ''));
  return { to, raw, headers, body };
}

/** A real SMTP server that keeps what it takes. */
export class TestMailServer {
  readonly mails: ReceivedMail[] = [];
  /** What it answers to each recipient instead of taking him. */
  refuseWith: number | undefined;
  readonly #server: SMTPServer;

  private constructor() {
    this.#server = new SMTPServer({
      disabledCommands: ['AUTH', 'STARTTLS'],
      onRcptTo: (_address, _session, done) => {
        const refused = this.refuseWith && Object.assign(new Error('no'), { responseCode: this.refuseWith });
        done(refused || null);
      },
      onData: (stream, session, done) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const to = session.envelope.rcptTo.map(({ address }) => address);
          this.mails.push(parse(to, Buffer.concat(chunks).toString('utf8')));
          done();
        });
      },
    });
    this.#server.on('error', () => {});
  }

  static async start(): Promise<TestMailServer> {
    const server = new TestMailServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.#server.server.address() as AddressInfo).port}`;
  }

  /** Whom it has mail for, each as often as there is one. */
  get recipients(): string[] {
    return this.mails.flatMap(({ to }) => to).sort();
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
