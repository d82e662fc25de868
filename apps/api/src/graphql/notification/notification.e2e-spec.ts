import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { graphql } from '../../../../../test/support/graphql.js';

describe('what a user is told, and where', () => {
  let t: TestApp;
  let [admin, ada, eve]: TestPrincipal[] = [];
  beforeAll(async () => {
    t = await createTestApp();
    [admin, ada, eve] = [await t.make.admin('root'), await t.make.user('ada'), await t.make.user('eve')];
  });
  afterAll(() => t.close());

  const ask = async (who: TestPrincipal | undefined, document: string) =>
    (await graphql(t, (who as TestPrincipal).token, document)).data;
  const errors = 'errors { __typename message path }';
  const update = (who: TestPrincipal | undefined, input: string) =>
    ask(
      who,
      `mutation { notificationPreferencesUpdate(input: { ${input} }) { preferences { email emailFromIssuer muted } ${errors} } }`,
    );

  it('is changed by himself, part by part', async () => {
    const first = await update(ada, 'email: "ada@example.com", muted: [COMMENT, WAIVER_AWAITED, COMMENT]');
    const preferences = { email: 'ada@example.com', emailFromIssuer: false, muted: ['COMMENT', 'WAIVER_AWAITED'] };
    expect(first.notificationPreferencesUpdate).toEqual({ preferences, errors: [] });
    expect((await update(ada, 'muted: []')).notificationPreferencesUpdate.preferences).toEqual({
      ...preferences,
      muted: [],
    });
    expect(await ask(ada, '{ viewer { notificationPreferences { email muted } } }')).toEqual({
      viewer: { notificationPreferences: { email: 'ada@example.com', muted: [] } },
    });
    expect((await update(ada, 'email: null')).notificationPreferencesUpdate.preferences.email).toBeNull();
  });

  it('changes in whole or not at all', async () => {
    const { notificationPreferencesUpdate } = await update(ada, 'email: "ada", muted: [COMMENT]');
    expect(notificationPreferencesUpdate).toMatchObject({
      preferences: null,
      errors: [{ __typename: 'ValidationError', path: ['input', 'email'] }],
    });
    expect((await update(ada, '')).notificationPreferencesUpdate.preferences.muted).toEqual([]);
  });

  it('is shown to nobody else, an administrator neither, who may set an address', async () => {
    const set =
      'mutation { principalEmailUpdate(input: { name: "ada", email: "a@example.com" }) { email errors { __typename } } }';
    expect(await ask(eve, set)).toMatchObject({
      principalEmailUpdate: { email: null, errors: [{ __typename: 'PermissionDeniedError' }] },
    });
    expect(await ask(admin, set)).toEqual({ principalEmailUpdate: { email: 'a@example.com', errors: [] } });
    for (const who of [eve, admin]) {
      expect(await ask(who, '{ principal(name: "ada") { notificationPreferences { email } } }')).toEqual({
        principal: { notificationPreferences: null },
      });
    }
  });

  it('lists his own notifications, and nobody else’s', async () => {
    const world = await t.db.first<{ id: string }>(sql`
      INSERT INTO promotion_requests (id, model_id, model_full_name, version_id, version_number, target_kind, target_name, state,
        requester_id, justification, artifact_digest, effective_policy)
      VALUES (gen_random_uuid(), gen_random_uuid(), 'm', gen_random_uuid(), 1, 'ALIAS', 'champion', 'AWAITING_APPROVAL',
        ${ada?.id}::uuid, 'j', 'd', '{}') RETURNING id`);
    for (const [who, state] of [
      [ada, 'PENDING'],
      [ada, 'FAILED'],
      [eve, 'SENT'],
    ] as const) {
      await t.db.execute(sql`
        INSERT INTO notifications (id, kind, request_id, occasion, channel, principal_id, recipient, state, detail, closed_at, created_at)
        VALUES (gen_random_uuid(), 'COMMENT', ${world?.id}::uuid, ${state}, 'EMAIL', ${who?.id}::uuid, ${who?.id}, ${state},
          'the mail server answered 550', CASE WHEN ${state} <> 'PENDING' THEN now() END,
          now() - CASE WHEN ${state} = 'PENDING' THEN interval '1 hour' ELSE interval '1 minute' END)`);
    }
    const document = '{ notifications(first: 10) { nodes { kind channel state detail attempts } totalCount } }';
    const { notifications } = await ask(ada, document);
    expect(notifications.nodes.map(({ state }: { state: string }) => state)).toEqual(['FAILED', 'PENDING']);
    expect(notifications).toMatchObject({
      totalCount: 2,
      nodes: [{ kind: 'COMMENT', channel: 'EMAIL', attempts: 0 }, {}],
    });
    expect((await ask(admin, document)).notifications.totalCount).toBe(0);
  });
});
