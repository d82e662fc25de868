import { type AccessWorld, accessFileOf, createAccessWorld } from '../../../../test/support/access-world.js';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';

let t: TestApp;
let world: AccessWorld;

beforeAll(async () => {
  t = await createTestApp();
});
afterAll(() => t.close());
beforeEach(async () => {
  world = await createAccessWorld(t);
});
afterEach(() => world.cli.remove());

const fileOf = (mode: string) => accessFileOf(world.names, world.admin.name, mode);

describe('apply --dry-run', () => {
  it('shows the plan, changes nothing, and tells by its exit code whether there are changes', async () => {
    const before = await world.state();
    const answer = await world.apply(fileOf('authoritative'), '--dry-run', '--exit-code');
    expect(answer).toMatchObject({ code: 10, stderr: '' });
    expect(answer.stdout).toContain(`    - member ${world.names.lea}`);
    expect(answer.stdout).toContain(`    + grant EXECUTE to ${world.names.lea}, until 2099-03-01 11:00 UTC`);
    expect(answer.stdout).toContain(`    ~ owner ${world.admin.name} → ${world.names.tom}`);
    expect(answer.stdout).toContain('Plan: 10 to create, 1 to update, 1 to delete.');
    expect((await world.apply(fileOf('authoritative'), '--dry-run')).code).toBe(0);
    expect(await world.state()).toEqual(before);
  });
});

describe('apply --dry-run --impact', () => {
  it('tells who would gain and lose what, through groups and containers', async () => {
    const { names, grant, apply } = world;
    await grant(names.crew, 'USE_CATALOG', names.catalog, 'CATALOG');
    await grant(names.crew, 'USE_SCHEMA', names.catalog, 'CATALOG');
    const text = `version: 1\nmode: authoritative\ngroups:\n  ${names.crew}: { members: [${names.tom}] }\n  new-${names.crew}: { members: [${names.lea}] }`;
    const answer = await apply(text, '--dry-run', '--impact', '--json');
    expect(answer).toMatchObject({ code: 0, stderr: '' });
    const { impact } = answer.json();
    const told = (all: { principal: { name: string }; privilege: string; fullName: string }[]) =>
      all.map(({ principal, privilege, fullName }) => `${principal.name} ${privilege} ${fullName}`);
    expect(told(impact.gained)).toContain(`${names.tom} USE_CATALOG ${names.catalog}`);
    expect(told(impact.lost)).toContain(`${names.lea} USE_CATALOG ${names.catalog}`);
    expect(impact.notes).toEqual(['1 change of groups that are to be made: not looked at']);
    const shown = await apply(text, '--dry-run', '--impact');
    expect(shown.stdout).toMatch(
      new RegExp(
        `Impact: \\d+ rights gained, \\d+ lost.\n(.*\n)*    - ${names.lea}: .*USE_CATALOG.* on catalog ${names.catalog}`,
      ),
    );
  });
});

describe.each(['additive', 'authoritative'])('apply, %s', (mode) => {
  it('makes it so, and a second plan is empty', async () => {
    await world.grant(world.names.tom, 'EXECUTE', world.names.model, 'REGISTERED_MODEL');
    await world.grant(world.names.tom, 'EXECUTE', world.names.schema, 'SCHEMA');
    const schemaBefore = (await world.state()).schema;

    const answer = await world.apply(fileOf(mode), '--yes', '--json');
    expect(answer).toMatchObject({ code: 0, stderr: '' });
    const { changes, summary } = answer.json();
    expect(new Set(changes.map(({ status }: { status: string }) => status))).toEqual(new Set(['applied']));
    expect(summary).toEqual({ create: 10, update: 1, delete: mode === 'additive' ? 0 : 2 });

    const state = await world.state();
    const stays = mode === 'additive';
    expect(state.principal.members.nodes.map(({ name }: { name: string }) => name)).toEqual(
      stays ? [world.names.lea, world.names.tom] : [world.names.tom],
    );
    const onModel = state.model.grants.nodes.map(
      (one: { privilege: string; principal: { name: string } }) => `${one.privilege} ${one.principal.name}`,
    );
    expect(onModel.sort()).toEqual(
      [
        `APPLY_TAG ${world.names.lea}`,
        `EXECUTE ${world.names.lea}`,
        ...(stays ? [`EXECUTE ${world.names.tom}`] : []),
      ].sort(),
    );
    expect(state.model.owner.name).toBe(world.names.tom);
    // The file says nothing of the schema: it is not touched.
    expect(state.schema).toEqual(schemaBefore);

    const second = await world.apply(fileOf(mode), '--dry-run', '--exit-code');
    expect(second).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing to change') });
    expect((await world.apply(fileOf(mode))).code).toBe(0);
  });
});

describe('apply', () => {
  it('changes a policy and retires one that the file does not name', async () => {
    await world.apply(fileOf('additive'), '--yes');
    const changed = await world.apply(fileOf('authoritative').replace('min: 0.8', 'min: 0.9'), '--yes');
    expect(changed.stdout).toMatch(/~ policy guard, revision 1 → 2\n +- gates: .*"min":0.8.*\n +\+ gates: .*"min":0.9/);
    const retired = await world.apply(
      `version: 1\nmode: authoritative\ncatalogs: { ${world.names.catalog}: { policies: {} } }`,
      '--yes',
    );
    expect(retired).toMatchObject({ code: 0, stdout: expect.stringContaining('- policy guard: retired') });
    expect((await world.state()).catalog.policies.nodes).toMatchObject([
      { name: 'guard', revision: 2, retiredAt: expect.any(String) },
    ]);
    const again = await world.apply(fileOf('additive'), '--dry-run');
    expect(again).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: access.yaml:\d+:7: .*policy "guard" was retired/),
    });
  });

  it('takes nothing away without --yes where nobody can be asked', async () => {
    const before = await world.state();
    const answer = await world.apply(fileOf('authoritative'));
    expect(answer).toMatchObject({ code: 2, stderr: expect.stringContaining('then give --yes') });
    expect(await world.state()).toEqual(before);
    const adding = `version: 1\nmode: additive\ncatalogs: { ${world.names.catalog}: { grants: { ${world.names.lea}: [BROWSE] } } }`;
    expect((await world.apply(adding)).code).toBe(0);
  });

  it('reads several files, one of them from stdin', async () => {
    world.cli.write(
      'people.yaml',
      `version: 1\nmode: additive\ngroups: { team-${world.names.crew}: { members: [${world.names.lea}] } }`,
    );
    const stdin = `version: 1\ncatalogs: { ${world.names.catalog}: { grants: { team-${world.names.crew}: [BROWSE] } } }`;
    const answer = await world.cli.run(['apply', '-f', 'people.yaml', '-f', '-', '--json'], { stdin });
    expect(answer).toMatchObject({ code: 0, stderr: '' });
    expect(answer.json().summary).toEqual({ create: 3, update: 0, delete: 0 });
  });

  it('knows all grants of an object that has more than a page of them', async () => {
    const catalog = await t.make.securable('CATALOG', `many-${world.names.catalog}`, world.admin);
    const people = await Promise.all(Array.from({ length: 120 }, () => t.make.user()));
    for (const one of people) await t.make.grant(one, catalog, 'BROWSE', 'USE_CATALOG');
    const described = people.slice(0, 5).map(({ name }) => `      ${name}: [BROWSE, EXECUTE]`);
    const text = `version: 1\nmode: authoritative\ncatalogs:\n  many-${world.names.catalog}:\n    grants:\n${described.join('\n')}`;
    const answer = await world.apply(text, '--yes', '--json');
    expect(answer.json().summary).toEqual({ create: 5, update: 0, delete: 235 });
    expect((await world.apply(text, '--dry-run', '--exit-code')).code).toBe(0);
  });
});
