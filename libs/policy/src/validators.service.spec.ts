import { METASTORE_ID } from '@app/access';
import pg from 'pg';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../test/support/factories.js';
import { createRegistryTest, type RegistryTest } from '../../../test/support/registry.js';
import { Policies } from './policies.service.js';
import { Validators } from './validators.service.js';

const url = 'https://fairness.example/judge';
const rules = (validator: string) => ({
  protects: { aliases: ['champion'] },
  gates: [{ key: 'fair', type: 'EXTERNAL', config: { validator } }],
});

describe('Validators', () => {
  let t: RegistryTest;
  let admin: TestPrincipal;
  let governor: TestPrincipal;
  beforeAll(async () => {
    t = await createRegistryTest();
    admin = await t.make.admin();
    governor = await t.make.user();
    await t.make.grant(governor, { id: METASTORE_ID }, 'MANAGE_POLICY');
  });
  afterAll(() => t.close());

  let made = 0;
  const validators = () => t.module.get(Validators);
  const create = async (name = `v${++made}`) =>
    (await t.as(admin, () => validators().create({ name, url }))).validator.name;
  const policy = (validator: string, name = `p${++made}`) =>
    t.as(governor, () =>
      t.module
        .get(Policies)
        .create({ on: { kind: 'METASTORE', fullName: 'metastore' }, name, rules: rules(validator) }),
    );

  it('are made with a secret that is shown once, and stored sealed', async () => {
    const { validator, secret } = await t.as(admin, () =>
      validators().create({ name: 'Fairness', url, description: ' Parity. ' }),
    );
    expect(validator).toMatchObject({ name: 'Fairness', url, description: 'Parity.', disabledAt: null });
    expect(secret).toMatch(/^whsec_/);
    expect(JSON.stringify([validator, await t.db.query(sql`SELECT * FROM validators`)])).not.toContain(secret);
    expect(await validators().addressOf('fairness')).toEqual({ url, secrets: [secret] });
    await expect(create('fairness')).rejects.toMatchObject({ kind: 'ALREADY_EXISTS' });
  });

  it('leave an audit event for each change, without a secret', async () => {
    const name = await create();
    await t.as(admin, async () => {
      await validators().update({ name, url: 'https://other.example/' });
      await validators().rotateSecret({ name, graceHours: 1 });
      await validators().disable(name);
      await validators().disable(name);
      await validators().enable(name);
      await validators().delete(name);
    });
    const events = await t.db.query<{ action: string }>(
      sql`SELECT action, before, after FROM audit_events WHERE object_name = ${name} ORDER BY occurred_at, id`,
    );
    expect(events.map(({ action }) => action)).toEqual(
      ['created', 'updated', 'secret_rotated', 'disabled', 'enabled', 'deleted'].map((verb) => `validator.${verb}`),
    );
    expect(JSON.stringify(events)).not.toContain('whsec_');
  });

  it('are managed, and known, by holders of MANAGE on the metastore only', async () => {
    const name = await create();
    for (const who of [governor, t.owner]) {
      const refused = { kind: 'PERMISSION_DENIED' };
      await t.as(who, async () => {
        await expect(validators().create({ name: 'mine', url })).rejects.toMatchObject(refused);
        for (const named of [name, 'absent']) {
          await expect(validators().update({ name: named, url })).rejects.toMatchObject(refused);
          await expect(validators().rotateSecret({ name: named, graceHours: 1 })).rejects.toMatchObject(refused);
          await expect(validators().disable(named)).rejects.toMatchObject(refused);
          await expect(validators().enable(named)).rejects.toMatchObject(refused);
          await expect(validators().delete(named)).rejects.toMatchObject(refused);
          await expect(validators().byName(named)).rejects.toMatchObject({
            kind: 'NOT_FOUND',
            message: `Validator "${named}" does not exist, or you may not see it`,
          });
        }
        expect((await validators().list({ first: 10 })).edges).toEqual([]);
        expect(await validators().count()).toBe(0);
      });
    }
    await t.as(admin, async () => {
      expect(await validators().byName(name.toUpperCase())).toMatchObject({ name });
      expect((await validators().list({ first: 100 })).edges).toHaveLength(await validators().count());
      await expect(validators().byName('absent')).rejects.toMatchObject({ kind: 'NOT_FOUND' });
    });
  });

  it.each([
    [{ name: ' x', url }, 'name: " x" is not valid'],
    [{ name: 'x', url: 'ftp://x.example/' }, 'url: "ftp://x.example/" must be an https URL'],
    [{ name: 'x', url: 'https://a:b@x.example/' }, 'url: "https://a:b@x.example/" must carry no user name'],
    [{ name: 'x', url, description: 'x'.repeat(1001) }, 'description: has 1001 characters'],
  ])('are refused when they cannot be: %j', async (input, why) => {
    await expect(t.as(admin, () => validators().create(input))).rejects.toMatchObject({
      kind: 'INVALID_ARGUMENT',
      message: expect.stringContaining(why),
    });
  });

  it.each([-1, 1.5, 169, Number.NaN])('do not rotate their secrets with %d hours of grace', async (graceHours) => {
    await expect(t.as(admin, () => validators().rotateSecret({ name: 'fairness', graceHours }))).rejects.toMatchObject({
      kind: 'INVALID_ARGUMENT',
    });
  });

  it('have two secrets in the time of grace, and one afterwards', async () => {
    const name = await create();
    const first = (await validators().addressOf(name))?.secrets[0];
    const { secret } = await t.as(admin, () => validators().rotateSecret({ name, graceHours: 2 }));
    expect((await validators().addressOf(name))?.secrets).toEqual([secret, first]);
    await t.db.execute(sql`UPDATE validators SET previous_secret_until = now() - interval '1 minute'`);
    expect((await validators().addressOf(name))?.secrets).toEqual([secret]);
  });

  it('must be there when a policy names them, at whatever the rules are written for', async () => {
    await expect(policy('absent')).rejects.toMatchObject({
      kind: 'INVALID_ARGUMENT',
      message: 'rules.gates.0.config.validator: there is no validator "absent"',
      path: ['rules', 'gates', '0', 'config', 'validator'],
    });
    const { id } = await policy((await create()).toUpperCase());
    const revise = () => t.module.get(Policies).revise({ id, rules: rules('absent'), reason: 'x' });
    await expect(t.as(governor, revise)).rejects.toMatchObject({ kind: 'INVALID_ARGUMENT' });
    const on = { kind: 'METASTORE', fullName: 'metastore' } as const;
    const draft = () => t.module.get(Policies).draft({ on, rules: rules('absent') });
    await expect(t.as(governor, draft)).rejects.toMatchObject({ kind: 'INVALID_ARGUMENT' });
  });

  it('are not deleted while a policy names them as it stands now', async () => {
    const name = await create();
    const { id } = await policy(name.toUpperCase(), 'fair models');
    const remove = () => t.as(admin, () => validators().delete(name));
    await expect(remove()).rejects.toMatchObject({
      reason: 'VALIDATOR_IN_USE',
      message: expect.stringContaining('"fair models" on the metastore'),
    });
    const other = await create();
    await t.as(governor, () => t.module.get(Policies).revise({ id, rules: rules(other), reason: 'another one' }));
    expect(await remove()).toMatchObject({ name });
    await t.as(governor, () => t.module.get(Policies).retire({ id, reason: 'over' }));
    expect(await t.as(admin, () => validators().delete(other))).toMatchObject({ name: other });
  });

  it('are not deleted under a policy that is being written', async () => {
    const name = await create();
    const writer = new pg.Client({ connectionString: t.env.DATABASE_URL });
    await writer.connect();
    await writer.query('BEGIN');
    await writer.query('SELECT 1 FROM validators WHERE name_key = $1 FOR SHARE', [name]);
    const deleted = t.as(admin, () => validators().delete(name));
    const blocked = sql`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
    while ((await t.db.query(blocked)).length === 0) await new Promise(setImmediate);
    await writer.query('COMMIT');
    await writer.end();
    expect(await deleted).toMatchObject({ name });
    await expect(policy(name)).rejects.toMatchObject({ kind: 'INVALID_ARGUMENT' });
  });

  it('are not called while they are disabled, nor when they are gone', async () => {
    const name = await create();
    await t.as(admin, () => validators().disable(name));
    expect(await validators().addressOf(name)).toBeUndefined();
    await t.as(admin, () => validators().enable(name));
    expect(await validators().addressOf(name)).toMatchObject({ url });
    await t.as(admin, () => validators().delete(name));
    expect(await validators().addressOf(name)).toBeUndefined();
  });
});
