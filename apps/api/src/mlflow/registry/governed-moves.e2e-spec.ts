import sql from 'sql-template-tag';
import type { Answer } from '../../../../../test/support/app.js';
import { createGovernedDoor, type GovernedDoor } from '../../../../../test/support/governed-door.js';
import { eventually } from '../../../../../test/support/processes.js';

const publicUrl = 'https://models.example.com';
const numberIn = ({ body }: Answer) => Number(/Promotion request (\d+) asks for version/.exec(body.message)?.[1]);

const requestsIn = ({ t }: GovernedDoor, model: string) =>
  t.db.query<{ number: number; target: string; requester: string; justification: string }>(sql`
    SELECT r.number, r.target_kind || ':' || r.target_name AS target, p.name AS requester, r.justification
    FROM promotion_requests r JOIN principals p ON p.id = r.requester_id WHERE r.model_full_name = ${model} ORDER BY r.number`);

const refusalsIn = ({ t }: GovernedDoor) =>
  t.db.query<{ actor: string; reason: string }>(
    sql`SELECT actor_name AS actor, reason FROM audit_events WHERE outcome = 'REFUSED' ORDER BY occurred_at, id`,
  );

describe('a move of a protected target', () => {
  let d: GovernedDoor;
  beforeAll(async () => {
    d = await createGovernedDoor({ PUBLIC_URL: publicUrl });
  });
  afterAll(() => d.close());

  it('is refused with the address at which the request is opened, which answers', async () => {
    const name = await d.model('prod.fraud.refused');
    const alias = await d.call('POST', 'registered-models/alias', { name, alias: 'champion', version: '1' });
    const stage = await d.call('POST', 'model-versions/transition-stage', { name, version: '1', stage: 'production' });
    for (const [answer, query] of [
      [alias, `model=${name}&version=1&alias=champion`],
      [stage, `model=${name}&version=1&stage=Production`],
    ] as const) {
      expect([answer.status, answer.body.error_code]).toEqual([403, 'PERMISSION_DENIED']);
      expect(answer.body.message).toContain(
        `${publicUrl}/approvals/new?${query} or with the mutation promotionRequest`,
      );
      expect((await d.t.call('GET', `/approvals/new?${query}`)).status).toBe(200);
    }
    expect(await requestsIn(d, name)).toEqual([]);
  });

  it('names the request that is open for the same, to those who may see it', async () => {
    const name = await d.model('prod.fraud.open', 2);
    const asked = { name, version: '1', stage: 'Production' };
    await d.call('POST', 'transition-requests/create', asked);
    const number = (await requestsIn(d, name))[0]?.number;
    const answer = await d.call('POST', 'model-versions/transition-stage', asked);
    expect([answer.status, numberIn(answer)]).toEqual([403, number]);
    expect(answer.body.message).toMatch(new RegExp(`is AWAITING_APPROVAL: ${publicUrl}/approvals/${number}$`));
    // Another version, and somebody who may move, and see no request.
    const other = await d.call('POST', 'model-versions/transition-stage', { ...asked, version: '2' });
    expect(other.body.message).toContain('/approvals/new?');
    const mover = await d.t.make.user('mover');
    const row = await d.t.db.first<{ id: string }>(sql`SELECT id FROM securables WHERE full_name = 'prod'`);
    await d.t.make.grant(mover, { id: row?.id as string }, 'USE_CATALOG', 'USE_SCHEMA', 'SET_ALIAS');
    const blind = await d.call('POST', 'model-versions/transition-stage', asked, mover);
    expect([blind.status, numberIn(blind)]).toEqual([403, Number.NaN]);
    expect(blind.body.message).toContain('/approvals/new?');
  });

  it('tells who may ask and not move of the request, and who may do neither of what is missing', async () => {
    const name = await d.model('prod.fraud.asker');
    const asker = await d.t.make.user('asker');
    const row = await d.t.db.first<{ id: string }>(sql`SELECT id FROM securables WHERE full_name = 'prod'`);
    await d.t.make.grant(asker, { id: row?.id as string }, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE', 'REQUEST_PROMOTION');
    const set = (alias: string, who = asker) =>
      d.call('POST', 'registered-models/alias', { name, alias, version: '1' }, who);
    expect((await set('champion')).body.message).toContain('/approvals/new?');
    expect((await set('other')).body.message).toContain('you lack SET_ALIAS');
    expect((await set('champion', d.reader)).body.message).toContain('you lack SET_ALIAS');
    expect((await set('champion', d.stranger)).status).toBe(404);
  });

  it('has no request when the target is to be cleared: the refusal asks for the version that shall hold it', async () => {
    const name = await d.model('prod.fraud.cleared');
    await d.call('POST', 'registered-models/alias', { name, alias: 'free', version: '1' });
    await d.t.db.execute(sql`UPDATE model_aliases SET alias = 'champion'
      WHERE model_id = (SELECT id FROM securables WHERE full_name = ${name})`);
    const { status, body } = await d.t.call('DELETE', '/api/2.0/mlflow/registered-models/alias', {
      token: d.scientist.token,
      body: { name, alias: 'champion' },
    });
    expect([status, body.error_code]).toEqual([403, 'PERMISSION_DENIED']);
    expect(body.message).toContain(
      `open a promotion request for the version that is to hold it instead, at ${publicUrl}/approvals/new?model=${name}&alias=champion`,
    );
  });
});

describe('MLFLOW_AUTO_REQUEST', () => {
  let d: GovernedDoor;
  beforeAll(async () => {
    d = await createGovernedDoor({ PUBLIC_URL: publicUrl, MLFLOW_AUTO_REQUEST: 'true' });
  });
  afterAll(() => d.close());

  it('opens the request in place of the move, once, as the caller', async () => {
    const name = await d.model('prod.fraud.auto');
    const before = (await refusalsIn(d)).length;
    const set = () => d.call('POST', 'registered-models/alias', { name, alias: 'Champion', version: '1' });
    const first = await set();
    const [request] = await requestsIn(d, name);
    const number = request?.number;
    expect([first.status, first.body.error_code, numberIn(first)]).toEqual([403, 'PERMISSION_DENIED', number]);
    expect(first.body.message).toMatch(
      new RegExp(`is protected by policy "production".*: ${publicUrl}/approvals/${number}$`),
    );
    expect(request).toMatchObject({
      target: 'ALIAS:Champion',
      requester: 'scientist',
      justification: expect.stringContaining('asked for by an MLflow client'),
    });
    const again = await Promise.all([set(), set(), set()]);
    expect(again.map(numberIn)).toEqual([number, number, number]);
    expect(await requestsIn(d, name)).toHaveLength(1);
    const [event] = await d.t.db.query(sql`SELECT actor_name AS actor, source_address AS address FROM audit_events
      WHERE action = 'promotion_request.created' AND object_name = ${`promotion request ${number}`}`);
    expect(event).toEqual({ actor: 'scientist', address: '127.0.0.1' });
    // Who asks as the policies want it has gone no other way.
    expect(await refusalsIn(d)).toHaveLength(before);
  });

  it('opens one of four calls at once', async () => {
    const name = await d.model('prod.fraud.at_once');
    const move = () =>
      d.call('POST', 'model-versions/transition-stage', {
        name,
        version: '1',
        stage: 'Production',
        archive_existing_versions: true,
      });
    const answers = await Promise.all([move(), move(), move(), move()]);
    const [request, ...more] = await requestsIn(d, name);
    expect(more).toEqual([]);
    expect(answers.map((answer) => [answer.status, numberIn(answer)])).toEqual(
      answers.map(() => [403, request?.number]),
    );
    expect(await d.stageOf(name)).toBe('None');
  });

  it('says why none could be opened', async () => {
    const name = await d.model('prod.fraud.outside', 0);
    await d.call('POST', 'model-versions/create', { name, source: 's3://elsewhere/1' });
    const { status, body } = await d.call('POST', 'registered-models/alias', { name, alias: 'champion', version: '1' });
    expect([status, body.error_code]).toEqual([403, 'PERMISSION_DENIED']);
    expect(body.message).toMatch(/is protected by policy "production".*could be opened: .*has no artifact digest/);
  });

  it('needs REQUEST_PROMOTION: without it the move is refused as ever, and on record', async () => {
    const name = await d.model('prod.fraud.plain');
    const mover = await d.t.make.user('mover');
    const row = await d.t.db.first<{ id: string }>(sql`SELECT id FROM securables WHERE full_name = 'prod'`);
    await d.t.make.grant(mover, { id: row?.id as string }, 'USE_CATALOG', 'USE_SCHEMA', 'SET_ALIAS');
    const asked = { name, alias: 'champion', version: '1' };
    const answer = await d.call('POST', 'registered-models/alias', asked, mover);
    expect(answer.body.message).toContain('promotionRequestCreate');
    expect((await d.call('POST', 'registered-models/alias', asked, d.reader)).status).toBe(403);
    expect((await d.call('POST', 'registered-models/alias', asked, d.stranger)).status).toBe(404);
    expect((await d.call('POST', 'registered-models/alias', { ...asked, version: '9' })).status).toBe(404);
    expect(await requestsIn(d, name)).toEqual([]);
    const found = await eventually(
      () => refusalsIn(d),
      (refusals) => refusals.some(({ actor }) => actor === 'mover'),
    );
    expect(found.find(({ actor }) => actor === 'mover')?.reason).toContain('is protected by policy "production"');
  });
});
