import { type AccessWorld, createAccessWorld } from '../../../../test/support/access-world.js';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';
import type { CliAnswer } from '../../../../test/support/cli.js';
import type { TestPrincipal } from '../../../../test/support/factories.js';

let t: TestApp;
let world: AccessWorld;
let stranger: TestPrincipal;
const run = (...args: string[]) => world.cli.run(args);
const as = ({ token }: TestPrincipal, ...args: string[]) => world.cli.run(args, { env: { IMPRIMATUR_TOKEN: token } });

beforeAll(async () => {
  t = await createTestApp();
  world = await createAccessWorld(t);
  stranger = await t.make.user('stranger');
  const { names, grant } = world;
  await grant(names.crew, 'USE_CATALOG', names.catalog, 'CATALOG');
  await grant(names.crew, 'USE_SCHEMA', names.schema, 'SCHEMA');
  await grant(names.lea, 'EXECUTE', names.model, 'REGISTERED_MODEL');
});
afterAll(async () => {
  world.cli.remove();
  await t.close();
});

const sorted = (answer: CliAnswer, list: 'principals' | 'grants', field: (one: never) => string) =>
  answer.json()[list].map(field).sort();

describe('explain', () => {
  it('tells each way to a right, through groups and containers', async () => {
    const { names } = world;
    const answer = await run('explain', names.lea, 'execute', names.model);
    expect(answer).toMatchObject({ code: 0, stderr: '' });
    expect(answer.stdout).toContain(`yes  ${names.lea} has EXECUTE on model ${names.model}`);
    expect(answer.stdout).toMatch(
      new RegExp(`✓ USE_CATALOG on catalog ${names.catalog}\n.*"${names.lea}" is a member of "${names.crew}"`),
    );
    const { allowed, conditions } = (await run('explain', names.lea, 'EXECUTE', names.model, '--json')).json();
    expect(allowed).toBe(true);
    expect(conditions.map(({ privilege }: { privilege: string }) => privilege)).toEqual([
      'USE_CATALOG',
      'USE_SCHEMA',
      'EXECUTE',
    ]);
    expect(conditions[2].paths[0].steps[0].grant).toMatchObject({ grantedBy: { name: world.admin.name } });
  });

  it('tells what is missing, and ends with 10 when it is asked to', async () => {
    const { names } = world;
    const answer = await run('explain', names.tom, 'EXECUTE', names.model, '--exit-code');
    expect(answer.code).toBe(10);
    expect(answer.stdout).toContain('3 grants would allow it');
    expect(answer.stdout).toContain(`  + EXECUTE on model ${names.model}`);
    expect((await run('explain', names.tom, 'EXECUTE', names.model)).code).toBe(0);
    const nonsense = await run('explain', names.tom, 'READ', names.model);
    expect(nonsense).toMatchObject({ code: 0, stdout: expect.stringContaining('READ has no meaning on') });
  });

  it('knows the metastore, and experiments by --kind', async () => {
    expect((await run('explain', 'everyone', 'CREATE_EXPERIMENT', 'metastore')).stdout).toMatch(/^yes/);
    const experiment = await t.make.securable('EXPERIMENT', 'churn/2026.q1', world.admin);
    await t.make.grant(stranger, experiment, 'READ');
    const answer = await run('explain', 'stranger', 'READ', 'churn/2026.q1', '--kind', 'experiment');
    expect(answer.stdout).toMatch(/^yes {2}stranger has READ on experiment churn\/2026.q1/);
  });

  it('answers the hidden as the absent, and about others only whoever may ask', async () => {
    const { names } = world;
    const hidden = await as(stranger, 'explain', 'stranger', 'EXECUTE', names.model);
    const absent = await as(stranger, 'explain', 'stranger', 'EXECUTE', 'no.such.model');
    expect(hidden).toMatchObject({ code: 6, stdout: '' });
    expect(absent).toEqual({
      ...hidden,
      json: expect.anything(),
      stderr: hidden.stderr.replace(names.model, 'no.such.model'),
    });
    const reader = await t.make.user();
    await world.grant(reader.name, 'BROWSE', names.catalog, 'CATALOG');
    expect(await as(reader, 'explain', names.lea, 'EXECUTE', names.model)).toMatchObject({ code: 4, stdout: '' });
  });
});

describe('who-can', () => {
  it('lists everybody, however they come to it', async () => {
    const { names, admin } = world;
    const answer = await run('who-can', 'EXECUTE', names.model, '--json');
    expect(sorted(answer, 'principals', ({ name }: { name: string }) => name)).toEqual([names.lea, admin.name].sort());
    const text = await run('who-can', 'EXECUTE', names.model);
    expect(text.stdout).toContain(`2 principals have EXECUTE on model ${names.model}`);
    expect((await run('who-can', 'WAIVE_GATE', names.model)).stdout).toBe(
      `Nobody has WAIVE_GATE on model ${names.model}.\n`,
    );
  });

  it('answers a stranger as if there were no such object', async () => {
    expect(await as(stranger, 'who-can', 'EXECUTE', world.names.model)).toMatchObject({ code: 6, stdout: '' });
  });
});

describe('grant list', () => {
  type Grant = { privilege: string; principal: { name: string }; securable: { fullName: string } };
  const told = ({ privilege, principal, securable }: Grant) => `${privilege} ${principal.name} ${securable.fullName}`;

  it('shows the grants on an object and those that reach it from above', async () => {
    const { names } = world;
    await world.grant(names.crew, 'READ_AUDIT', names.schema, 'SCHEMA');
    const answer = await run('grant', 'list', '--on', names.model, '--json');
    expect(answer.json()).toMatchObject({ on: { kind: 'REGISTERED_MODEL', fullName: names.model }, isPartial: false });
    expect(sorted(answer, 'grants', told as never)).toContain(`READ_AUDIT ${names.crew} ${names.schema}`);
    const one = await run('grant', 'list', '--on', names.model, '--principal', names.lea.toUpperCase(), '--json');
    expect(sorted(one, 'grants', told as never)).toEqual([`EXECUTE ${names.lea} ${names.model}`]);
    const table = await run('grant', 'list', '--on', names.model);
    expect(table.stdout).toMatch(/^PRINCIPAL +PRIVILEGE +ON +ENDS +GRANTED BY\n/);
  });

  it('shows the grants of a principal, and one’s own', async () => {
    const { names } = world;
    const answer = await run('grant', 'list', '--principal', names.lea, '--json');
    expect(sorted(answer, 'grants', told as never)).toEqual([`EXECUTE ${names.lea} ${names.model}`]);
    const own = await as(await t.make.user(), 'grant', 'list');
    expect(own).toMatchObject({ code: 0, stdout: expect.stringContaining('No grants to') });
  });

  it('shows others’ to nobody who may not see them', async () => {
    const { names } = world;
    expect(await as(stranger, 'grant', 'list', '--on', names.model)).toMatchObject({ code: 6, stdout: '' });
    const hidden = await as(stranger, 'grant', 'list', '--principal', names.lea, '--json');
    expect(hidden.json().grants).toEqual([]);
    const reader = await t.make.user();
    await world.grant(reader.name, 'BROWSE', names.catalog, 'CATALOG');
    const partial = await as(reader, 'grant', 'list', '--on', names.catalog, '--json');
    expect(partial.json().isPartial).toBe(true);
    expect(sorted(partial, 'grants', told as never)).toEqual([`BROWSE ${reader.name} ${names.catalog}`]);
  });
});
