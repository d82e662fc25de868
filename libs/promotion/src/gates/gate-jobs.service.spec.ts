import fs from 'node:fs';
import path from 'node:path';
import type { Securable } from '@app/access';
import { GateRuns } from '@app/gates';
import { Config } from '@app/platform';
import type { VersionView } from '@app/registry';
import { createPromotionTest, type PromotionTest, worker } from '../../../../test/support/promotion.js';
import { ArtifactCheck } from '../artifact-check.js';
import { GateWaivers } from '../exceptions/gate-waivers.service.js';
import { PromotionProgress } from '../promotion-progress.service.js';
import type { PromotionRequest } from '../promotion-request.js';
import { PromotionRequests } from '../promotion-requests.service.js';
import { GateJobs } from './gate-jobs.service.js';

const gate = (key: string) => ({ key, type: 'METRIC_THRESHOLD', config: { metric: 'auc', min: 0.8 } });

describe('GateJobs', () => {
  let t: PromotionTest;
  let model: Securable;
  let version: VersionView;

  beforeAll(async () => {
    t = await createPromotionTest();
    await t.policy(t.catalog, { gates: [gate('auc'), gate('again')] });
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    model = await t.model();
    version = await t.trained(model, { auc: 0.9 });
  });

  const file = () => path.join(t.module.get(Config).artifactRoot, version.storagePath as string, 'model.pkl');
  const runs = (request: PromotionRequest) => t.module.get(GateRuns).ofRequests([request.id]);
  /** The jobs of a request, as the worker's queue brings them. */
  const work = (request: PromotionRequest) =>
    t.as(worker, async () => {
      for (const { id } of await runs(request)) await t.module.get(GateJobs).run(id);
      await t.module.get(PromotionProgress).evaluate(request.id);
      return t.again(request);
    });
  const rerun = (request: PromotionRequest) =>
    t.as(t.scientist, () => t.module.get(PromotionRequests).rerunGates({ number: request.number }));

  it('runs the gates of files that are those that were registered', async () => {
    const request = await work(await t.request(version));
    expect(request.state).toBe('AWAITING_APPROVAL');
    expect((await runs(request)).map(({ status }) => status)).toEqual(['PASSED', 'PASSED']);
  });

  it('reads the files once for gates that begin together, and once in each round', async () => {
    const opened = await t.request(version);
    const reads = jest.spyOn(t.module.get(ArtifactCheck), 'digestOf');
    const jobs = t.module.get(GateJobs);
    const both = await runs(opened);
    await t.as(worker, () => Promise.all(both.map(({ id }) => jobs.run(id))));
    expect(reads).toHaveBeenCalledTimes(1);
    await t.as(worker, () => t.module.get(PromotionProgress).evaluate(opened.id));
    await work(await rerun(opened));
    expect(reads).toHaveBeenCalledTimes(2);
    reads.mockRestore();
  });

  it('lets no gate judge changed files: the request is BLOCKED, until they are back and the gates run again', async () => {
    const bytes = fs.readFileSync(file());
    const opened = await t.request(version);
    fs.appendFileSync(file(), 'x');
    const blocked = await work(opened);
    expect(blocked).toMatchObject({
      state: 'BLOCKED',
      stateReason: expect.stringMatching(/the files of .* have changed: they are sha256:/),
      evidenceDigest: expect.stringMatching(/^sha256:/),
    });
    expect((await runs(opened)).map(({ status, attempt, summary }) => [status, attempt, summary])).toEqual([
      ['CANCELLED', 0, 'the files have changed'],
      ['CANCELLED', 0, 'the files have changed'],
    ]);
    expect((await work(await rerun(opened))).state).toBe('BLOCKED');
    fs.writeFileSync(file(), bytes);
    expect((await work(await rerun(opened))).state).toBe('AWAITING_APPROVAL');
  });

  it('blocks it also when the files are gone, once, and lets a reviewer reject it', async () => {
    const opened = await t.request(version);
    fs.rmSync(path.dirname(file()), { recursive: true });
    const both = await runs(opened);
    await t.as(worker, () => Promise.all(both.map(({ id }) => t.module.get(GateJobs).run(id))));
    expect(await t.again(opened)).toMatchObject({ state: 'BLOCKED', stateReason: expect.stringContaining('are none') });
    const blocked = (await t.events(model.id)).filter(({ action }) => action === 'promotion_request.blocked');
    expect(blocked).toHaveLength(1);
    expect((await t.decide(t.leads[0], opened, 'REJECT', 'where are they?')).state).toBe('REJECTED');
  });

  it('leaves nothing to waive: changed files cannot be gone past', async () => {
    const opened = await t.request(version);
    fs.appendFileSync(file(), 'x');
    await work(opened);
    await t.make.grant(t.leads[0], model, 'WAIVE_GATE');
    const proposal = { number: opened.number, gate: 'prod/auc', reason: 'they look the same' };
    await expect(t.as(t.leads[0], () => t.module.get(GateWaivers).propose(proposal))).rejects.toMatchObject({
      reason: 'GATE_NOT_BLOCKING',
      message: expect.stringContaining('"prod/auc" CANCELLED'),
    });
  });

  it('reads the files once for all gates of a round', async () => {
    const opened = await t.request(version);
    const [first, second] = await runs(opened);
    await t.as(worker, () => t.module.get(GateJobs).run(first?.id as string));
    fs.appendFileSync(file(), 'x');
    await t.as(worker, () => t.module.get(GateJobs).run(second?.id as string));
    expect((await runs(opened)).map(({ status }) => status)).toEqual(['PASSED', 'PASSED']);
  });
});
