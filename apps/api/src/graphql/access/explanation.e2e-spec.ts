import type { Securable } from '@app/access';
import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { graphql } from '../../../../../test/support/graphql.js';

const model = 'prod.fraud.scorer';
const steps =
  'steps { kind description group { name } grant { privilege grantedBy { name } } securable { kind fullName } }';
const explained = `allowed principal { name } privilege kind fullName obstacle isPartial
  missing { privilege kind fullName }
  paths { inheritedFrom { fullName } ${steps} }
  conditions { privilege met securable { kind fullName } paths { ${steps} } }`;

describe('explanations', () => {
  let t: TestApp;
  let owner: TestPrincipal;
  let auditor: TestPrincipal;
  let reader: TestPrincipal;
  let scientists: TestPrincipal;
  let stranger: TestPrincipal;
  let catalog: Securable;
  let schema: Securable;

  beforeAll(async () => {
    t = await createTestApp();
    await t.make.admin('root');
    owner = await t.make.user('owner');
    auditor = await t.make.user('auditor');
    reader = await t.make.user('reader');
    stranger = await t.make.user('stranger');
    const team = await t.make.group([reader], 'team');
    scientists = await t.make.group([team], 'scientists');
    catalog = await t.make.securable('CATALOG', 'prod', owner);
    schema = await t.make.securable('SCHEMA', 'prod.fraud', owner);
    await t.make.securable('REGISTERED_MODEL', model, owner);
    await t.make.grant(auditor, catalog, 'READ_AUDIT');
    await t.make.grant(scientists, catalog, 'USE_CATALOG', 'USE_SCHEMA');
    await t.make.grant(scientists, schema, 'EXECUTE');
    await t.make.grant(reader, schema, 'ALL_PRIVILEGES');
    await t.db.execute(sql`UPDATE grants SET granted_by = ${owner.id}::uuid`);
    const other = await t.make.schema('other.schema', owner);
    await t.make.grant(stranger, { id: other.catalogId as string }, 'ALL_PRIVILEGES', 'MANAGE', 'READ_AUDIT');
  });
  afterAll(() => t.close());

  const explain = (who: TestPrincipal, principal: string, privilege: string, fullName: string, kind?: string) =>
    graphql(
      t,
      who.token,
      `query ($principal: String!, $privilege: Privilege!, $fullName: String!, $kind: SecurableKind) {
        explainAccess(principal: $principal, privilege: $privilege, fullName: $fullName, kind: $kind) { ${explained} } }`,
      { principal, privilege, fullName, kind },
    );

  it('tells every way to a privilege: memberships, grants with who granted them, and where it is inherited from', async () => {
    const { data, errors } = await explain(auditor, 'reader', 'EXECUTE', model);
    expect(errors).toBeUndefined();
    const { allowed, missing, obstacle, isPartial, conditions, paths } = data.explainAccess;
    expect({ allowed, missing, obstacle, isPartial }).toEqual({
      allowed: true,
      missing: [],
      obstacle: null,
      isPartial: false,
    });
    expect(
      conditions.map((each: { privilege: string; met: boolean; securable: object }) => [
        each.privilege,
        each.met,
        each.securable,
      ]),
    ).toEqual([
      ['USE_CATALOG', true, { kind: 'CATALOG', fullName: 'prod' }],
      ['USE_SCHEMA', true, { kind: 'SCHEMA', fullName: 'prod.fraud' }],
      ['EXECUTE', true, { kind: 'REGISTERED_MODEL', fullName: model }],
    ]);
    const [direct, throughGroups] = paths;
    expect(direct).toMatchObject({
      inheritedFrom: { fullName: 'prod.fraud' },
      steps: [
        { kind: 'GRANT', grant: { privilege: 'ALL_PRIVILEGES', grantedBy: { name: 'owner' } } },
        { kind: 'INHERITED', securable: { kind: 'SCHEMA', fullName: 'prod.fraud' } },
      ],
    });
    expect(throughGroups.steps).toMatchObject([
      { kind: 'MEMBER_OF', group: { name: 'team' }, description: '"reader" is a member of "team"' },
      { kind: 'MEMBER_OF', group: { name: 'scientists' }, description: '"team" is a member of "scientists"' },
      { kind: 'GRANT', grant: { privilege: 'EXECUTE' }, securable: { fullName: 'prod.fraud' } },
      { kind: 'INHERITED' },
    ]);
    expect(throughGroups.steps[2].description).toMatch(
      /^"scientists" was granted EXECUTE on schema "prod.fraud" by "owner" at 2/,
    );
  });

  it('explains what a group holds, which has no part in everyone', async () => {
    const { data } = await explain(auditor, 'scientists', 'EXECUTE', model);
    expect(data.explainAccess).toMatchObject({ allowed: true, paths: [{ steps: [{ kind: 'GRANT' }, {}] }] });
    const everyone = await explain(owner, 'scientists', 'CREATE_EXPERIMENT', 'metastore', 'METASTORE');
    expect(everyone.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });

  it('names the smallest set of grants that would allow it, each at the narrowest place', async () => {
    const { data } = await explain(auditor, 'stranger', 'SET_ALIAS', model);
    expect(data.explainAccess).toMatchObject({
      allowed: false,
      paths: [],
      obstacle: null,
      missing: [
        { privilege: 'USE_CATALOG', kind: 'CATALOG', fullName: 'prod' },
        { privilege: 'USE_SCHEMA', kind: 'SCHEMA', fullName: 'prod.fraud' },
        { privilege: 'SET_ALIAS', kind: 'REGISTERED_MODEL', fullName: model },
      ],
    });
    const owned = await explain(owner, 'owner', 'EXECUTE', model);
    expect(owned.data.explainAccess).toMatchObject({
      allowed: true,
      paths: [{ steps: [{ kind: 'OWNERSHIP', description: `"owner" owns registered model "${model}"` }] }],
    });
  });

  it('says in words why no grant would help', async () => {
    const late = await t.make.user('late');
    await t.make.grant(late, catalog, 'ALL_PRIVILEGES');
    await t.db.execute(sql`UPDATE principals SET disabled_at = now() WHERE id = ${late.id}::uuid`);
    const disabled = await explain(auditor, 'late', 'EXECUTE', model);
    expect(disabled.data.explainAccess).toMatchObject({
      allowed: false,
      missing: [],
      obstacle: '"late" is disabled, and may do nothing: enable it first',
    });
    const senseless = await explain(auditor, 'reader', 'USE_CATALOG', 'prod.fraud');
    expect(senseless.data.explainAccess).toMatchObject({
      allowed: false,
      conditions: [],
      missing: [],
      obstacle: 'USE_CATALOG has no meaning on a schema; it can be granted on: catalog',
    });
  });

  it('counts an expired grant as none', async () => {
    const temp = await t.make.user('temp');
    await t.make.grant(temp, catalog, 'USE_CATALOG');
    const asked = () => explain(auditor, 'temp', 'USE_CATALOG', 'prod');
    expect((await asked()).data.explainAccess.allowed).toBe(true);
    await t.db.execute(
      sql`UPDATE grants SET expires_at = now() - interval '1 minute' WHERE principal_id = ${temp.id}::uuid`,
    );
    expect((await asked()).data.explainAccess).toMatchObject({
      allowed: false,
      missing: [{ privilege: 'USE_CATALOG', fullName: 'prod' }],
    });
  });

  it('explains experiments and the metastore, which are named with their kind', async () => {
    const experiment = await t.make.securable('EXPERIMENT', 'churn', owner);
    await t.make.grant(reader, experiment, 'READ');
    const { data } = await explain(owner, 'reader', 'EDIT', 'churn', 'EXPERIMENT');
    expect(data.explainAccess).toMatchObject({
      allowed: false,
      missing: [{ privilege: 'EDIT', kind: 'EXPERIMENT', fullName: 'churn' }],
    });
    const creating = await explain(reader, 'reader', 'CREATE_EXPERIMENT', 'metastore', 'METASTORE');
    expect(creating.data.explainAccess).toMatchObject({
      allowed: true,
      paths: [{ inheritedFrom: null, steps: [{ kind: 'MEMBER_OF', group: { name: 'everyone' } }, { kind: 'GRANT' }] }],
    });
    const known = await explain(stranger, 'stranger', 'CREATE_CATALOG', 'metastore', 'METASTORE');
    expect(known.data.explainAccess.missing).toEqual([
      { privilege: 'CREATE_CATALOG', kind: 'METASTORE', fullName: 'metastore' },
    ]);
  });

  it('explains to a narrowed token that the token is why', async () => {
    const made = await graphql(
      t,
      reader.token,
      'mutation { accessTokenCreate(input: { name: "for reading", readOnly: true }) { token errors { message } } }',
    );
    const narrowed = { ...reader, token: made.data.accessTokenCreate.token };
    const asked = (who: TestPrincipal) => explain(who, 'reader', 'SET_ALIAS', model);
    expect((await asked(reader)).data.explainAccess).toMatchObject({ allowed: true, obstacle: null });
    expect((await asked(narrowed)).data.explainAccess).toMatchObject({
      allowed: false,
      paths: [],
      missing: [],
      obstacle: 'the token was made for reading only, and SET_ALIAS changes something: use another token',
    });
  });

  it('lists effective privileges with what they are inherited from, the same as viewerCan', async () => {
    const { data } = await graphql(
      t,
      reader.token,
      `{ model(fullName: "${model}") { viewerCan }
         effectivePrivileges(principal: "reader", fullName: "${model}") { privilege inheritedFrom { fullName } paths { ${steps} } } }`,
    );
    const held = data.effectivePrivileges.map(({ privilege }: { privilege: string }) => privilege);
    expect(held).toEqual(data.model.viewerCan);
    expect(held).toContain('EXECUTE');
    for (const { inheritedFrom } of data.effectivePrivileges) expect(inheritedFrom).toEqual({ fullName: 'prod.fraud' });
  });

  it('is for oneself and one’s groups, and about others for who has MANAGE or READ_AUDIT', async () => {
    const allowed = async (who: TestPrincipal, about: string) =>
      (await explain(who, about, 'EXECUTE', model)).data?.explainAccess?.allowed;
    expect(await allowed(reader, 'reader')).toBe(true);
    expect(await allowed(reader, 'scientists')).toBe(true);
    expect(await allowed(owner, 'reader')).toBe(true);
    const refused = await explain(reader, 'owner', 'EXECUTE', model);
    expect(refused.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN', details: { privilege: 'MANAGE' } } }]);
  });

  it('answers the hidden like the absent, to a stranger and to a reader of another catalog', async () => {
    for (const about of ['stranger', 'reader', 'everyone']) {
      const hidden = await explain(stranger, about, 'EXECUTE', model);
      const absent = await explain(stranger, about, 'EXECUTE', 'prod.fraud.none');
      expect(hidden).toEqual(absent);
      expect(hidden.data).toEqual({ explainAccess: null });
    }
    expect((await explain(owner, 'nobody', 'EXECUTE', model)).data).toEqual({ explainAccess: null });
    expect((await explain(owner, 'owner', 'EXECUTE', 'a.b.c.d')).errors).toMatchObject([
      { message: expect.stringContaining('fullName: "a.b.c.d" has more than three parts') },
    ]);
  });

  it('tells who is refused what is missing for him', async () => {
    const browser = await t.make.user('browser');
    await t.make.grant(browser, catalog, 'BROWSE');
    const { data } = await graphql(
      t,
      browser.token,
      `mutation { modelAliasSet(input: { model: "${model}", alias: "champion", number: 1 }) { errors { __typename message
        ... on PermissionDeniedError { privilege kind fullName obstacle missing { privilege kind fullName } explanation { ${explained} } } } } }`,
    );
    const [error] = data.modelAliasSet.errors;
    expect(error).toMatchObject({
      __typename: 'PermissionDeniedError',
      privilege: 'SET_ALIAS',
      fullName: model,
      obstacle: null,
    });
    expect(error.message).toBe(
      `Registered model "${model}": you lack SET_ALIAS on it: missing USE_CATALOG on catalog "prod", USE_SCHEMA on schema "prod.fraud", SET_ALIAS on registered model "${model}". The owner of each, or a holder of MANAGE there, can grant it`,
    );
    expect(error.missing).toHaveLength(3);
    expect(error.explanation).toMatchObject({ allowed: false, principal: { name: 'browser' }, missing: error.missing });
    expect(JSON.stringify(error)).not.toMatch(/reader|scientists|auditor/);
  });
});
