import type { Securable } from '@app/access';
import { NotFound } from '@app/platform';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { createPromotionTest, type PromotionTest, worker } from '../../../../test/support/promotion.js';
import { PromotionProgress } from '../promotion-progress.service.js';
import type { PromotionRequest } from '../promotion-request.js';
import type { DiscussionThread } from './discussion.js';
import { DiscussionReader } from './discussion.reader.js';
import { Discussions } from './discussions.service.js';

describe('Discussions', () => {
  let t: PromotionTest;
  let model: Securable;
  let request: PromotionRequest;

  beforeAll(async () => {
    t = await createPromotionTest();
    await t.policy(t.catalog);
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    model = await t.model();
    request = await t.request(await t.trained(model));
  });

  const open = (who: TestPrincipal, blocking = false, text = 'why this feature?', about = request) =>
    t.as(who, () => t.module.get(Discussions).open({ number: about.number, text, blocking }));
  const comment = (who: TestPrincipal, threadId: string, text = 'because') =>
    t.as(who, () => t.module.get(Discussions).comment({ threadId, text }));
  const resolve = (who: TestPrincipal, threadId: string) =>
    t.as(who, () => t.module.get(Discussions).resolve({ threadId }));
  const reopen = (who: TestPrincipal, threadId: string) =>
    t.as(who, () => t.module.get(Discussions).reopen({ threadId }));
  const approve = async () => {
    await t.decide(t.leads[0], request);
    return t.decide(t.leads[1], request);
  };
  /** The job that reads the files and applies. */
  const apply = async () => {
    await t.as(worker, () => t.module.get(PromotionProgress).apply(request.id));
    return t.again(request);
  };

  it('keeps a request from being approved while a blocking thread is open', async () => {
    const [lead] = t.leads;
    const thread = await open(lead, true);
    expect((await approve()).state).toBe('AWAITING_APPROVAL');
    await comment(t.scientist, thread.id);
    await expect(resolve(t.scientist, thread.id)).rejects.toMatchObject({ reason: 'REQUESTER_CANNOT_RESOLVE' });
    await expect(resolve(t.leads[1], thread.id)).rejects.toMatchObject({ reason: 'MISSING_PRIVILEGE' });
    expect((await t.again(request)).state).toBe('AWAITING_APPROVAL');
    await resolve(lead, thread.id);
    expect((await t.again(request)).state).toBe('APPROVED');
    expect((await apply()).state).toBe('APPLIED');
    expect(await t.holderOf(model)).toBe(1);
  });

  it('takes an approved request that waits back to the reviewers', async () => {
    await t.policy(model, { approvals: [], waitSeconds: 60 }, 'wait');
    request = await t.request(await t.trained(model));
    expect((await approve()).state).toBe('APPROVED');
    const thread = await open(t.leads[2], true);
    expect(await t.again(request)).toMatchObject({
      state: 'AWAITING_APPROVAL',
      stateReason: 'a discussion that blocks it is not resolved',
      applyAfter: null,
    });
    await resolve(t.leads[2], thread.id);
    expect((await t.again(request)).state).toBe('APPROVED');
    await reopen(t.leads[0], thread.id);
    expect((await t.again(request)).state).toBe('AWAITING_APPROVAL');
  });

  it('lets a holder of MANAGE resolve what a reviewer left behind', async () => {
    const thread = await open(t.leads[0], true);
    const manager = await t.make.user();
    await t.make.grant(manager, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE', 'MANAGE');
    expect(await resolve(manager, thread.id)).toMatchObject({ resolvedBy: manager.id });
    await expect(resolve(manager, thread.id)).rejects.toMatchObject({ reason: 'THREAD_RESOLVED' });
  });

  it('blocks nothing otherwise, and goes on after the request', async () => {
    const thread = await open(t.scientist);
    await expect(reopen(t.scientist, thread.id)).rejects.toMatchObject({ reason: 'THREAD_OPEN' });
    const settled = await open(t.leads[0], true);
    await resolve(t.leads[0], settled.id);
    expect((await approve()).state).toBe('APPLIED');
    await comment(t.leads[0], thread.id, 'well done');
    expect(await resolve(t.leads[1], thread.id)).toMatchObject({ resolvedBy: t.leads[1].id });
    await expect(open(t.leads[0], true)).rejects.toMatchObject({ reason: 'REQUEST_CLOSED' });
    await expect(reopen(t.leads[0], settled.id)).rejects.toMatchObject({ reason: 'REQUEST_CLOSED' });
  });

  it('is for those who see the request and hold EXECUTE; to block is for who may decide', async () => {
    const thread = await open(t.leads[0], true);
    const stranger = await t.make.user();
    const auditor = await t.make.user();
    await t.make.grant(auditor, t.catalog, 'READ_AUDIT', 'USE_CATALOG', 'USE_SCHEMA');
    const absent = '01900000-0000-7000-8000-000000000000';
    await expect(open(stranger)).rejects.toThrow(NotFound);
    for (const act of [comment, resolve, reopen]) {
      await expect(act(stranger, thread.id)).rejects.toThrow(`Discussion thread "${thread.id}" does not exist`);
      await expect(act(stranger, absent)).rejects.toThrow(`Discussion thread "${absent}" does not exist`);
      await expect(act(auditor, thread.id)).rejects.toMatchObject({ reason: 'MISSING_PRIVILEGE' });
    }
    await expect(open(auditor)).rejects.toMatchObject({ reason: 'MISSING_PRIVILEGE' });
    await expect(open(t.scientist, true)).rejects.toMatchObject({ reason: 'MISSING_PRIVILEGE' });
    await expect(open(t.scientist, false, ' ')).rejects.toThrow('text: is empty');
    await expect(comment(t.scientist, thread.id, 'x'.repeat(5001))).rejects.toThrow('text: has 5001 characters');
  });

  it('is read page by page by whoever sees the request', async () => {
    const threads: DiscussionThread[] = [];
    for (const text of ['one', 'two', 'three']) threads.push(await open(t.scientist, false, text));
    const [first] = threads as [DiscussionThread];
    for (const text of ['a', 'b', 'c']) await comment(t.leads[0], first.id, text);
    const reader = t.module.get(DiscussionReader);
    await t.as(t.leads[0], async () => {
      const page = await reader.threads(request.number, { first: 2 });
      const rest = await reader.threads(request.number, { first: 2, after: page.edges.at(-1)?.cursor });
      expect([...page.edges, ...rest.edges].map(({ node }) => node.id)).toEqual(threads.map(({ id }) => id));
      expect(await reader.countThreads(request.number)).toBe(3);
      const said = await reader.comments(first.id, { last: 3 });
      expect(said.edges.map(({ node }) => node.text)).toEqual(['a', 'b', 'c']);
      expect(said.hasPreviousPage).toBe(true);
      expect(await reader.countComments(first.id)).toBe(4);
    });
    const stranger = await t.make.user();
    await t.as(stranger, async () => {
      await expect(reader.threads(request.number, { first: 2 })).rejects.toThrow(NotFound);
      expect((await reader.comments(first.id, { first: 5 })).edges).toEqual([]);
      expect(await reader.countComments(first.id)).toBe(0);
    });
  });
});
