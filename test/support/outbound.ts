import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { OutboundNetwork } from '../../libs/outbound/src/outbound-network.js';

/** Host names lead where the test says: one list of addresses for each look-up, the last one for all that follow. */
export class FakeNetwork extends OutboundNetwork {
  override authorities: string | undefined = undefined;
  readonly asked: string[] = [];
  answers: string[][] = [['127.0.0.1']];

  override async resolve(hostname: string) {
    const answer = this.answers[Math.min(this.asked.length, this.answers.length - 1)] ?? [];
    this.asked.push(hostname);
    return answer.map((address) => ({ address, family: net.isIP(address) }));
  }
}

/** Servers on 127.0.0.1 that behave as a test wants them to, until `close`. */
export class TestServers {
  readonly #servers: net.Server[] = [];
  readonly #sockets = new Set<Socket>();
  /** How often somebody has connected to any of them. */
  connections = 0;

  /** @returns the port on which the server listens from now on */
  async listen(server: net.Server): Promise<number> {
    this.#servers.push(server);
    server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.#sockets.add(socket.on('error', () => {}));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  answering(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> {
    return this.listen(http.createServer(answer));
  }

  /** A server that speaks with bytes of its own choice, once a request has begun. */
  speaking(speak: (socket: Socket) => void): Promise<number> {
    return this.listen(net.createServer((socket) => socket.once('data', () => speak(socket))));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  }
}
