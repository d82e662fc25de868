import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { newSigningSecret, signed } from './webhook-signature.js';

const vector = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: new Date(1614265330_000),
  body: '{"test": 2432232314}',
};
const vectorSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

describe('signed', () => {
  it('makes the signature of the reference libraries’ vector', () => {
    expect(signed({ ...vector, secrets: [vectorSecret] })).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('is verified by a receiver that has any of the secrets, and by no other', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.json(), (id, body) => {
        const [former, present] = [newSigningSecret(), newSigningSecret()];
        const headers = signed({ id, timestamp: new Date(), body, secrets: [present, former] });
        for (const secret of [former, present]) {
          expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
        }
        expect(() => new Webhook(newSigningSecret()).verify(body, headers)).toThrow('No matching signature');
        expect(() => new Webhook(present).verify(`${body} `, headers)).toThrow('No matching signature');
        expect(() => new Webhook(present).verify(body, { ...headers, 'webhook-id': 'other' })).toThrow();
      }),
      { numRuns: 50 },
    );
  });

  it('refuses what a receiver could not take apart', () => {
    const sign = (change: object) => () => signed({ ...vector, secrets: [vectorSecret], ...change });
    expect(sign({ id: 'a.b' })).toThrow('the message id "a.b"');
    expect(sign({ id: 'a\r\nb' })).toThrow('the message id');
    expect(sign({ secrets: [] })).toThrow('at least one secret');
    for (const secret of [
      '',
      'whsec_',
      'whsec_c2hvcnQ=',
      vectorSecret.slice(6),
      'whsec_not base64 at all, however long it is',
    ]) {
      expect(sign({ secrets: [secret] })).toThrow('a signing secret is whsec_');
    }
  });
});

describe('newSigningSecret', () => {
  it('has 32 random bytes', () => {
    const secrets = new Set(Array.from({ length: 100 }, newSigningSecret));
    expect(secrets.size).toBe(100);
    for (const secret of secrets) expect(Buffer.from(secret.replace(/^whsec_/, ''), 'base64')).toHaveLength(32);
  });
});
