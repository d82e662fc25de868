import fs from 'node:fs';
import path from 'node:path';
import { GateRuns } from '@app/gates';
import { Validators } from '@app/policy';
import { eventually, freePort } from '../support/processes.js';
import { createPromotionTest, type PromotionTest } from '../support/promotion.js';
import { root, ServiceProcess } from './service-process.js';

function example(): string {
  const page = fs.readFileSync(path.join(root, 'docs/gates.md'), 'utf8');
  const [, code] = /```js\n(import http[\s\S]*?)```/.exec(page) ?? [];
  if (!code) throw new Error('docs/gates.md has no example of a validator');
  return code;
}

describe('the validator of docs/gates.md', () => {
  let t: PromotionTest;
  let validator: ServiceProcess | undefined;
  let url: string;

  beforeAll(async () => {
    t = await createPromotionTest({ OUTBOUND_ALLOW: '127.0.0.1' });
    const port = await freePort();
    url = `http://127.0.0.1:${port}/judge`;
    const admin = await t.make.admin();
    const { secret } = await t.as(admin, () => t.module.get(Validators).create({ name: 'fairness', url }));
    const config = { validator: 'fairness', metrics: ['parity'], parameters: { atLeast: 0.9 } };
    await t.policy(t.catalog, { gates: [{ key: 'fairness', type: 'EXTERNAL', config }] });
    const env = { PORT: String(port), VALIDATOR_SECRET: secret };
    validator = new ServiceProcess(['--input-type=module', '--eval', example()], env);
    await eventually(() => fetch(url).then(Boolean, () => false));
  });
  afterAll(async () => {
    await validator?.end();
    await t.close();
  });

  it.each([
    [{ parity: 0.97 }, 'PASSED', 'parity is 0.97, and at least 0.9 is needed', { parity: 0.97 }],
    [{ parity: 0.4 }, 'FAILED', 'parity is 0.4, and at least 0.9 is needed', { parity: 0.4 }],
    [{}, 'ERRORED', 'the run has no metric "parity"', {}],
  ])('judges %j as %s', async (metrics, status, summary, output) => {
    const request = await t.request(await t.trained(await t.model(), metrics as Record<string, number>));
    await t.runGates(request);
    const [gate] = await t.module.get(GateRuns).ofRequests([request.id]);
    expect(gate).toMatchObject({ status, summary, output });
  });

  it('believes nobody who does not sign', async () => {
    const headers = { 'webhook-id': 'x', 'webhook-timestamp': '1', 'webhook-signature': 'v1,AAAA' };
    expect((await fetch(url, { method: 'POST', body: '{}', headers })).status).toBe(401);
  });
});
