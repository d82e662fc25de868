import {
  checkOutboundUrl,
  cloudEvent,
  newSigningSecret,
  OutboundFailed,
  OutboundHttp,
  OutboundModule,
  OutboundRefused,
  SecretBox,
  SecretUnreadable,
  signed,
} from '@app/outbound';
import { Webhook } from 'standardwebhooks';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { TestServers } from '../../../test/support/outbound.js';

describe('OutboundModule', () => {
  const servers = new TestServers();
  let t: TestModule;
  beforeAll(async () => {
    t = await createTestModule([OutboundModule], { OUTBOUND_ALLOW: '127.0.0.0/8' });
  });
  afterAll(async () => {
    await servers.close();
    await t.close();
  });

  it('delivers a signed event, with a secret that was sealed, over the network as it is', async () => {
    const secret = newSigningSecret();
    const box = t.module.get(SecretBox);
    const sealed = box.seal(secret, 'webhook:1');
    const port = await servers.answering(async (request, response) => {
      const body = (await request.toArray()).join('');
      response.end(JSON.stringify(new Webhook(secret).verify(body, request.headers as Record<string, string>)));
    });

    const url = `http://127.0.0.1:${port}/hook`;
    expect(checkOutboundUrl(url)).toBeUndefined();
    const timestamp = new Date();
    const source = 'https://models.example.com';
    const event = cloudEvent({ id: '1', type: 'test', source, subject: 'nothing', time: timestamp, data: { a: 1 } });
    const body = JSON.stringify(event);
    const headers = signed({ id: event.id, timestamp, body, secrets: [box.open(sealed, 'webhook:1')] });
    const answer = await t.module.get(OutboundHttp).post({ url, headers, body, timeoutMs: 20_000 });
    expect(JSON.parse(answer.body)).toEqual(event);
  });

  it('tells the two sorts of failure apart, by the settings of this installation', async () => {
    const port = await servers.speaking((socket) => socket.end());
    const post = (url: string) => t.module.get(OutboundHttp).post({ url, headers: {}, body: '', timeoutMs: 20_000 });
    await expect(post(`http://127.0.0.1:${port}/`)).rejects.toThrow(OutboundFailed);
    await expect(post('https://10.0.0.1/')).rejects.toThrow(OutboundRefused);
    expect(() => t.module.get(SecretBox).open('garbage', 'here')).toThrow(SecretUnreadable);
  });
});
