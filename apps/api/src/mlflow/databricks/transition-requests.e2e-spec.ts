import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { createGovernedDoor, type GovernedDoor } from '../../../../../test/support/governed-door.js';

const gates = [{ key: 'integrity', type: 'ARTIFACT_INTEGRITY' }];

describe('transition requests of the workspace registry', () => {
  let d: GovernedDoor;
  beforeAll(async () => {
    d = await createGovernedDoor({ PUBLIC_URL: 'https://models.example.com' }, { gates });
  });
  afterAll(() => d.close());

  type Params = Record<string, unknown>;
  const create = (asked: Params, who = d.scientist) => d.call('POST', 'transition-requests/create', asked, who);
  const list = ({ name, version }: Params, who = d.lead) =>
    d.call('GET', 'transition-requests/list', { name, version }, who);
  const approve = (asked: Params, who = d.lead) =>
    d.call('POST', 'transition-requests/approve', { archive_existing_versions: true, ...asked }, who);
  const reject = (asked: Params, who = d.lead) => d.call('POST', 'transition-requests/reject', asked, who);
  const remove = (asked: Params, who = d.scientist) =>
    d.call('DELETE', 'transition-requests/delete', { creator: 'scientist', ...asked }, who);
  const to = (name: string, version = '1') => ({ name, version, stage: 'Production' });
  const decisionsOn = (model: string) =>
    d.t.db.query<{ comment: string | null; verdict: string }>(sql`
      SELECT e.verdict, e.comment FROM decisions e JOIN promotion_requests r ON r.id = e.request_id
      WHERE r.model_full_name = ${model} ORDER BY e.decided_at`);

  it('are created, listed, and approved, which moves the version', async () => {
    const name = await d.model('prod.fraud.approved');
    const created = await create({ ...to(name), stage: 'production', comment: 'it is better' });
    expect(created.status).toBe(200);
    expect(created.body.request).toMatchObject({
      ...{ activity_type: 'REQUESTED_TRANSITION', user_id: 'scientist', comment: 'it is better' },
      ...{ from_stage: 'None', to_stage: 'Production', available_actions: ['CANCEL_TRANSITION_REQUEST'] },
    });
    const early = await approve(to(name));
    expect([early.status, early.body.message]).toEqual([
      400,
      expect.stringContaining('is VALIDATING: its required gates'),
    ]);
    await d.runGates();
    const [listed] = (await list(to(name))).body.requests;
    const { id, user_id, comment, creation_timestamp } = created.body.request;
    expect(listed).toMatchObject({ id, user_id, comment, creation_timestamp });
    expect(listed.available_actions).toEqual(['APPROVE_TRANSITION_REQUEST', 'REJECT_TRANSITION_REQUEST']);
    expect(listed.system_comment).toMatch(
      new RegExp(
        `^promotion request ${id} is AWAITING_APPROVAL.*; evidence: sha256:[0-9a-f]{64}; https://models.example.com/approvals/${id}$`,
      ),
    );
    const approved = await approve({ ...to(name), comment: 'good' });
    expect(approved.body.activity).toMatchObject({
      ...{
        activity_type: 'APPROVED_REQUEST',
        user_id: 'lead',
        comment: 'good',
        from_stage: 'None',
        to_stage: 'Production',
      },
      system_comment: expect.stringContaining('is APPLIED'),
    });
    expect(await d.stageOf(name)).toBe('Production');
    // Who reads the decision sees that nobody was shown the evidence.
    expect(await decisionsOn(name)).toEqual([
      {
        verdict: 'APPROVE',
        comment: expect.stringMatching(/^good\n\(decided as a transition request, on the evidence as it stood/),
      },
    ]);
    expect((await list(to(name))).body).toEqual({});
    expect(await approve(to(name))).toMatchObject({ status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST' } });
  });

  it('bind an approval to the evidence that its comment names', async () => {
    const name = await d.model('prod.fraud.bound');
    await create(to(name));
    await d.runGates();
    const other = await approve({ ...to(name), comment: `evidence: sha256:${'0'.repeat(64)}` });
    expect([other.status, other.body.error_code]).toEqual([409, 'RESOURCE_CONFLICT']);
    expect(await d.stageOf(name)).toBe('None');
    const [{ system_comment }] = (await list(to(name))).body.requests;
    const [evidence] = /evidence: sha256:\w+/.exec(system_comment) as unknown as [string];
    expect((await approve({ ...to(name), comment: `seen, ${evidence}` })).status).toBe(200);
    expect(await decisionsOn(name)).toEqual([{ verdict: 'APPROVE', comment: `seen, ${evidence}` }]);
  });

  it('are rejected with a comment, and withdrawn by who opened them', async () => {
    const name = await d.model('prod.fraud.rejected');
    await create(to(name));
    await d.runGates();
    expect(await reject(to(name))).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('comment: is empty') },
    });
    const rejected = await reject({ ...to(name), comment: 'no' });
    expect(rejected.body.activity).toMatchObject({ activity_type: 'REJECTED_REQUEST', comment: 'no', user_id: 'lead' });
    await create(to(name));
    for (const [who, status, creator] of [
      [d.lead, 403, 'scientist'],
      [d.reader, 403, 'scientist'],
      [d.stranger, 404, 'scientist'],
      [d.scientist, 404, 'lead'],
    ] as const) {
      expect((await remove({ ...to(name), creator }, who)).status).toBe(status);
    }
    const removed = await remove({ ...to(name), creator: 'Scientist', comment: 'too early' });
    expect(removed.body.activity).toMatchObject({ activity_type: 'CANCELLED_REQUEST', comment: 'too early' });
    expect(await d.stageOf(name)).toBe('None');
  });

  it('archive who was there as the policy says, and refuse to be told otherwise', async () => {
    const name = await d.model('prod.fraud.archived', 2);
    for (const version of ['1', '2']) {
      await create(to(name, version));
      await d.runGates();
      const otherwise = await approve({ ...to(name, version), archive_existing_versions: false });
      // Of the first nothing is archived, whatever is said.
      expect(otherwise.status).toBe(version === '1' ? 200 : 400);
      if (version === '2')
        expect(otherwise.body.message).toContain('archives version 1, which is in Production: send true');
    }
    expect((await approve(to(name, '2'))).status).toBe(200);
    expect([await d.stageOf(name, 1), await d.stageOf(name, 2)]).toEqual(['Archived', 'Production']);
  });

  it('are for those whom the policy names: nobody else decides, and strangers learn nothing', async () => {
    const name = await d.model('prod.fraud.others');
    const asked: [TestPrincipal, number][] = [
      [d.reader, 403],
      [d.stranger, 404],
    ];
    for (const [who, status] of asked) expect((await create(to(name), who)).status).toBe(status);
    await create(to(name));
    await d.runGates();
    for (const [who, status] of [...asked, [d.scientist, 403] as const]) {
      expect((await approve(to(name), who)).status).toBe(status);
      expect((await reject({ ...to(name), comment: 'no' }, who)).status).toBe(status);
    }
    const [seen] = (await list(to(name), d.reader)).body.requests;
    expect([seen.comment, seen.available_actions]).toEqual([expect.stringContaining('gave no comment'), undefined]);
    const absent = 'prod.fraud.absent';
    const hidden = await list(to(name), d.stranger);
    const nothing = await list(to(absent), d.stranger);
    expect([hidden.status, hidden.body.message.replace(name, absent)]).toEqual([404, nothing.body.message]);
    expect(await d.stageOf(name)).toBe('None');
  });

  it('say what is wrong', async () => {
    const name = await d.model('prod.fraud.wrong');
    for (const [path, params, message] of [
      ['create', { ...to(name), stage: 'Prod' }, 'must be one of None, Staging, Production, Archived'],
      ['create', { ...to(name), stage: 'Staging' }, 'needs no request, set it directly'],
      ['create', { ...to(name), comment: 'x'.repeat(5001) }, 'at most 5000'],
      ['create', { ...to(name), version: '0' }, "Parameter 'version'"],
      ['create', { name, version: '1' }, "required parameter 'stage'"],
      ['approve', { ...to(name), archive_existing_versions: 'yes' }, "parameter 'archive_existing_versions'"],
    ] as const) {
      const { status, body } = await d.call('POST', `transition-requests/${path}`, params);
      expect([status, body.error_code, body.message]).toEqual([
        400,
        'INVALID_PARAMETER_VALUE',
        expect.stringContaining(message),
      ]);
    }
    expect((await create(to(name, '9'))).status).toBe(404);
    expect((await list(to(name, '9'))).status).toBe(404);
    expect((await list({ name: 'one.dot', version: '1' })).status).toBe(400);
  });
});
