import { METASTORE_ID } from '@app/access';
import sql from 'sql-template-tag';
import type { Answer } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { createRegistryDoor, type RegistryDoor } from '../../../../../test/support/registry-door.js';

describe('users and permissions of MLflow', () => {
  let d: RegistryDoor;
  let admin: TestPrincipal;
  let bob: TestPrincipal;
  let experiment_id: string;
  const name = 'prod.fraud.scorer';
  beforeAll(async () => {
    d = await createRegistryDoor();
    admin = await d.t.make.admin('admin');
    await d.t.make.grant(d.owner, { id: METASTORE_ID }, 'CREATE_EXPERIMENT');
    bob = await d.t.make.user('bob');
    experiment_id = (await d.post('experiments/create', { name: 'churn' })).body.experiment_id;
    await d.model(name, 1);
  });
  afterEach(() => d.t.db.execute(sql`DELETE FROM grants WHERE principal_id = ${bob.id}::uuid`));
  afterAll(() => d.close());

  const granted = async () =>
    (
      await d.t.db.query<{ privilege: string }>(
        sql`SELECT privilege FROM grants WHERE principal_id = ${bob.id}::uuid ORDER BY privilege`,
      )
    ).map(({ privilege }) => privilege);
  const brief = ({ status, body }: Answer) => [status, body.error_code];
  const v3 = (path: string, body: object, who = d.owner) =>
    d.t.call('POST', `/api/3.0/mlflow/users/permissions/${path}`, { token: who.token, body });
  const resolved = (query: Record<string, string>, who = d.owner) =>
    d.t.call('GET', `/api/3.0/mlflow/users/permissions/get?${new URLSearchParams(query)}`, { token: who.token });

  describe('on an experiment', () => {
    const of = (more: object = {}) => ({ experiment_id, username: 'bob', ...more });

    it('are grants on it, made, raised, lowered and taken away by who manages it', async () => {
      const made = await d.post('experiments/permissions/create', of({ permission: 'EDIT' }));
      const told = { experiment_permission: { experiment_id, user_id: bob.id, permission: 'EDIT' } };
      expect(made).toMatchObject({ status: 200, body: told });
      expect(await granted()).toEqual(['EDIT', 'READ']);
      expect((await d.get('experiments/permissions/get', of())).body).toEqual(told);
      expect((await d.get('experiments/permissions/get', of(), bob)).body).toEqual(told);
      expect((await d.get('experiments/get', { experiment_id }, bob)).status).toBe(200);
      for (const [permission, privileges] of [
        ['MANAGE', ['EDIT', 'MANAGE', 'READ']],
        ['READ', ['READ']],
      ]) {
        expect((await d.patch('experiments/permissions/update', of({ permission }))).body).toEqual({});
        expect(await granted()).toEqual(privileges);
      }
      expect((await d.del('experiments/permissions/delete', of())).body).toEqual({});
      expect(await granted()).toEqual([]);
      expect(brief(await d.get('experiments/get', { experiment_id }, bob))).toEqual([404, 'RESOURCE_DOES_NOT_EXIST']);
    });

    it('are refused in the codes of MLflow where there is one already, or none', async () => {
      const absent = [404, 'RESOURCE_DOES_NOT_EXIST'];
      expect(brief(await d.get('experiments/permissions/get', of()))).toEqual(absent);
      expect(brief(await d.patch('experiments/permissions/update', of({ permission: 'READ' })))).toEqual(absent);
      expect(brief(await d.del('experiments/permissions/delete', of()))).toEqual(absent);
      await d.post('experiments/permissions/create', of({ permission: 'READ' }));
      expect(brief(await d.post('experiments/permissions/create', of({ permission: 'READ' })))).toEqual([
        400,
        'RESOURCE_ALREADY_EXISTS',
      ]);
      const unknown = await d.post('experiments/permissions/create', { ...of({ permission: 'READ' }), username: 'x' });
      expect(unknown.body.message).toBe('User with username=x not found');
    });

    it.each([
      ['USE', "Invalid permission 'USE': READ lets use, too"],
      ['DENY', "Invalid permission 'DENY': grants allow, and nothing denies"],
      ['OWNER', 'Valid permissions are: READ, EDIT, MANAGE, NO_PERMISSIONS'],
    ])('have no level %s', async (permission, message) => {
      const answer = await d.post('experiments/permissions/create', of({ permission }));
      expect(brief(answer)).toEqual([400, 'INVALID_PARAMETER_VALUE']);
      expect(answer.body.message).toContain(message);
    });

    it('tell nothing to the stranger, and to a reader nothing of others', async () => {
      await d.post('experiments/permissions/create', of({ permission: 'READ' }));
      const hidden = [
        await d.get('experiments/permissions/get', of(), d.stranger),
        await d.post('experiments/permissions/create', of({ permission: 'READ' }), d.stranger),
        await d.del('experiments/permissions/delete', of(), d.stranger),
        await v3(
          'grant',
          { username: 'bob', resource_type: 'experiment', resource_id: experiment_id, permission: 'READ' },
          d.stranger,
        ),
        await resolved({ username: 'bob', resource_type: 'experiment', resource_id: experiment_id }, d.stranger),
      ];
      for (const { status, body } of hidden) {
        expect([status, body.message]).toEqual([404, `No Experiment with id=${experiment_id} exists`]);
      }
      const denied = [403, 'PERMISSION_DENIED'];
      const ofOwner = { experiment_id, username: d.owner.name };
      expect(brief(await d.get('experiments/permissions/get', ofOwner, bob))).toEqual(denied);
      expect(brief(await d.patch('experiments/permissions/update', of({ permission: 'MANAGE' }), bob))).toEqual(denied);
      expect(await granted()).toEqual(['READ']);
    });
  });

  describe('on a model', () => {
    const of = (more: object = {}) => ({ name, username: 'bob', ...more });

    it('are sets of grants on it', async () => {
      const made = await d.post('registered-models/permissions/create', of({ permission: 'READ' }));
      const told = { name, user_id: bob.id, permission: 'READ', workspace: 'default' };
      expect(made.body).toEqual({ registered_model_permission: told });
      expect(await granted()).toEqual(['EXECUTE']);
      await d.patch('registered-models/permissions/update', of({ permission: 'MANAGE' }));
      expect(await granted()).toEqual(['APPLY_TAG', 'CREATE_MODEL_VERSION', 'EXECUTE', 'MANAGE', 'SET_ALIAS']);
      await d.patch('registered-models/permissions/update', of({ permission: 'EDIT' }));
      expect(await granted()).toEqual(['APPLY_TAG', 'CREATE_MODEL_VERSION', 'EXECUTE', 'SET_ALIAS']);
      expect((await d.get('registered-models/permissions/get', of())).body.registered_model_permission.permission).toBe(
        'EDIT',
      );
      expect((await d.del('registered-models/permissions/delete', of())).body).toEqual({});
      expect(await granted()).toEqual([]);
      expect(brief(await d.get('registered-models/permissions/get', of(), d.stranger))).toEqual([
        404,
        'RESOURCE_DOES_NOT_EXIST',
      ]);
    });

    it('are left alone where more was granted than MLflow has words for', async () => {
      const [{ id }] = (await d.t.db.query<{ id: string }>(
        sql`SELECT id FROM securables WHERE full_name = ${name}`,
      )) as [{ id: string }];
      await d.t.make.grant(bob, { id }, 'EXECUTE', 'REQUEST_PROMOTION');
      expect((await d.get('registered-models/permissions/get', of())).body.registered_model_permission.permission).toBe(
        'READ',
      );
      const answer = await d.patch('registered-models/permissions/update', of({ permission: 'EDIT' }));
      expect(brief(answer)).toEqual([400, 'INVALID_PARAMETER_VALUE']);
      expect(answer.body.message).toContain('"bob" holds REQUEST_PROMOTION, for which MLflow has no permission');
      await d.t.db.execute(sql`DELETE FROM grants WHERE privilege = 'REQUEST_PROMOTION'`);
      await d.t.db.execute(
        sql`UPDATE grants SET expires_at = now() + interval '1 day' WHERE principal_id = ${bob.id}::uuid`,
      );
      expect((await d.del('registered-models/permissions/delete', of())).body.message).toContain('EXECUTE for a time');
      expect(await granted()).toEqual(['EXECUTE']);
    });
  });

  it('are granted, revoked and resolved by newer clients, what comes from above included', async () => {
    const scorer = { username: 'bob', resource_type: 'registered_model', resource_id: name };
    expect((await v3('grant', { ...scorer, permission: 'READ' })).body).toEqual({});
    expect((await v3('grant', { ...scorer, permission: 'EDIT' })).body).toEqual({});
    // Without the two gates of the containers he may not use it.
    expect((await resolved(scorer)).body).toEqual({ allowed: false, permission: 'NO_PERMISSIONS' });
    expect((await resolved({ ...scorer, username: d.reader.name })).body).toEqual({
      allowed: true,
      permission: 'READ',
    });
    expect((await v3('revoke', scorer)).body).toEqual({});
    expect(brief(await v3('revoke', scorer))).toEqual([404, 'RESOURCE_DOES_NOT_EXIST']);
    const wrong = [{ resource_type: 'scorer' }, { resource_id: '*' }, { resource_type: 'experiment' }];
    for (const changes of wrong) expect((await v3('revoke', { ...scorer, ...changes })).status).toBe(400);
  });

  it('tell who the caller is, who users are, and what they were granted as far as he may read it', async () => {
    const current = (who: TestPrincipal) => d.get('users/current', {}, who);
    expect((await current(admin)).body).toEqual({
      user: { id: admin.id, username: 'admin', is_admin: true },
      is_basic_auth: false,
    });
    expect((await current(bob)).body.user.is_admin).toBe(false);
    await d.post('experiments/permissions/create', { experiment_id, username: 'bob', permission: 'EDIT' });
    const told = async (who: TestPrincipal) => (await d.get('users/get', { username: 'BOB' }, who)).body.user;
    const permissions = [{ experiment_id, user_id: bob.id, permission: 'EDIT' }];
    const nothing = {
      id: bob.id,
      username: 'bob',
      is_admin: false,
      registered_model_permissions: [],
      scorer_permissions: [],
    };
    expect(await told(bob)).toEqual({ ...nothing, experiment_permissions: permissions });
    expect(await told(d.owner)).toEqual({ ...nothing, experiment_permissions: permissions });
    expect(await told(d.stranger)).toEqual({ ...nothing, experiment_permissions: [] });
    expect((await d.get('users/get', { username: 'everyone' }, bob)).status).toBe(404);
    const isAdmin = async (who: TestPrincipal) => {
      const { users } = (await d.get('users/list', {}, who)).body;
      return users.find(({ username }: { username: string }) => username === 'admin').is_admin;
    };
    expect([await isAdmin(admin), await isAdmin(d.stranger)]).toEqual([true, false]);
    const first = (await d.get('users/list', { max_results: '1' }, bob)).body;
    expect(first.users).toHaveLength(1);
    expect((await d.get('users/list', { page_token: first.next_page_token }, bob)).body.users.length).toBeGreaterThan(
      3,
    );
  });

  it('delete users by who manages the metastore', async () => {
    await d.t.make.user('leaver');
    expect(brief(await d.del('users/delete', { username: 'leaver' }, d.owner))).toEqual([403, 'PERMISSION_DENIED']);
    expect((await d.del('users/delete', { username: 'leaver' }, admin)).body).toEqual({});
    expect((await d.get('users/get', { username: 'leaver' }, admin)).status).toBe(404);
  });
});
