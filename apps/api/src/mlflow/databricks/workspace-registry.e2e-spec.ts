import sql from 'sql-template-tag';
import { createGovernedDoor, type GovernedDoor } from '../../../../../test/support/governed-door.js';

describe('the workspace registry of Databricks, beside its transition requests', () => {
  let d: GovernedDoor;
  beforeAll(async () => {
    d = await createGovernedDoor();
  });
  afterAll(() => d.close());

  it('takes comments into the discussion of the promotion request', async () => {
    const name = await d.model('prod.fraud.talked_about', 2);
    const say = (comment: string, version = '1', who = d.reader) =>
      d.call('POST', 'comments/create', { name, version, comment }, who);
    const none = await say('hello?');
    expect([none.status, none.body.message]).toEqual([400, expect.stringContaining('has no promotion request')]);
    await d.call('POST', 'transition-requests/create', { name, version: '1', stage: 'Production' });
    const said = await say('which data?');
    expect(said).toMatchObject({ status: 200, body: { comment: { comment: 'which data?', user_id: 'reader' } } });
    await d.call(
      'POST',
      'transition-requests/reject',
      { name, version: '1', stage: 'Production', comment: 'no' },
      d.lead,
    );
    // What is over can still be talked about.
    expect((await say('why?', '1', d.scientist)).status).toBe(200);
    expect((await say('hello?', '2')).status).toBe(400);
    expect((await say('hello?', '1', d.stranger)).status).toBe(404);
    expect((await say('   ')).status).toBe(400);
    const threads = await d.t.db.query(sql`
      SELECT c.text, t.blocking FROM discussion_comments c JOIN discussion_threads t ON t.id = c.thread_id
      JOIN promotion_requests r ON r.id = t.request_id WHERE r.model_full_name = ${name} ORDER BY c.made_at`);
    expect(threads).toEqual([
      { text: 'which data?', blocking: false },
      { text: 'why?', blocking: false },
    ]);
    for (const [method, path] of [
      ['PATCH', 'comments/update'],
      ['DELETE', 'comments/delete'],
    ] as const) {
      const answer = await d.call(method, path, { id: said.body.comment.id, comment: 'x' });
      expect([answer.status, answer.body.error_code]).toEqual([501, 'NOT_IMPLEMENTED']);
      expect(answer.body.message).toContain('stays as it was said');
    }
  });

  it('shows a model with what the caller may do, and lists those that he sees', async () => {
    const name = await d.model('prod.fraud.shown');
    const level = async (who = d.scientist) =>
      (await d.call('GET', 'databricks/registered-models/get', { name }, who)).body.registered_model_databricks;
    expect(await level()).toMatchObject({ name, id: expect.any(String), latest_versions: [{ version: '1' }] });
    expect((await level(d.reader)).permission_level).toBe('CAN_READ');
    // Who made it owns it.
    expect((await level()).permission_level).toBe('CAN_MANAGE');
    expect((await d.call('GET', 'databricks/registered-models/get', { name }, d.stranger)).status).toBe(404);
    const first = (await d.call('GET', 'registered-models/list', { max_results: 1 }, d.reader)).body;
    const page_token = first.next_page_token;
    const rest = (await d.call('GET', 'registered-models/list', { max_results: 9, page_token }, d.reader)).body;
    const names = [...first.registered_models, ...rest.registered_models].map((model) => model.name);
    expect(names.sort()).toEqual(['prod.fraud.shown', 'prod.fraud.talked_about']);
    expect((await d.call('GET', 'registered-models/list', {}, d.stranger)).body).toEqual({});
  });

  it('moves what no policy protects, with the comment as the reason; and nothing else', async () => {
    const name = await d.model('prod.fraud.moved');
    const move = (params: object, who = d.scientist) =>
      d.call('POST', 'databricks/model-versions/transition-stage', { name, version: '1', ...params }, who);
    const moved = await move({ stage: 'Staging', archive_existing_versions: true, comment: 'for a look' });
    expect(moved.body.model_version_databricks).toMatchObject({ name, version: '1', current_stage: 'Staging' });
    const [transition] = await d.t.db.query(sql`SELECT reason FROM stage_transitions WHERE model_full_name = ${name}`);
    expect(transition).toEqual({ reason: 'for a look' });
    const refused = await move({ stage: 'Production', archive_existing_versions: true });
    expect([refused.status, refused.body.message]).toEqual([403, expect.stringContaining('/approvals/new?model=')]);
    expect((await move({ stage: 'None' }, d.reader)).status).toBe(403);
    expect((await move({ stage: 'None' }, d.stranger)).status).toBe(404);
    expect((await move({ stage: 'None', comment: 'x'.repeat(5001) })).status).toBe(400);
    expect(await d.stageOf(name)).toBe('Staging');
  });

  it('deletes what a query names, where MLflow names it in a body', async () => {
    const name = await d.model('prod.fraud.deleted', 2);
    const remove = (path: string, params: object, who = d.scientist) =>
      d.call('DELETE', path, { name, ...params }, who);
    for (const [path, params] of [
      ['registered-models/delete-tag', { key: 'k' }],
      ['model-versions/delete-tag', { version: '1', key: 'k' }],
      ['model-versions/delete', { version: '1' }],
      ['registered-models/delete', {}],
    ] as const) {
      if ('key' in params) {
        await d.call('POST', path.replace('delete-tag', 'set-tag'), { name, ...params, value: 'v' });
      }
      expect((await remove(path, params, d.stranger)).status).toBe(404);
      expect((await remove(path, params, d.reader)).status).toBe(403);
      expect(await remove(path, params)).toMatchObject({ status: 200, body: {} });
    }
    expect((await d.call('GET', 'registered-models/get', { name })).status).toBe(404);
    const nothing = await d.call('DELETE', 'registered-models/delete', {});
    expect([nothing.status, nothing.body.message]).toEqual([400, expect.stringContaining("parameter 'name'")]);
  });

  it('tells the client what host this is, without a login, and has no permission levels', async () => {
    expect(await d.t.call('GET', '/.well-known/databricks-config')).toMatchObject({ status: 200, body: {} });
    for (const method of ['GET', 'PUT', 'PATCH']) {
      const answer = await d.t.call(method, '/api/2.0/permissions/registered-models/x', {
        token: d.scientist.token,
        ...(method !== 'GET' && { body: { access_control_list: [] } }),
      });
      expect([answer.status, answer.body.error_code]).toEqual([501, 'NOT_IMPLEMENTED']);
    }
  });
});
