import type { ChildProcess } from 'node:child_process';
import { type AccessWorld, accessFileOf, createAccessWorld } from '../../../../test/support/access-world.js';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';
import { startProxy } from '../../../../test/support/cli.js';
import { graphql } from '../../../../test/support/graphql.js';

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

describe('apply, when another editor is faster,', () => {
  it('changes nothing, reads again, and says so', async () => {
    const before = (await world.state()).catalog.grants.nodes;
    let raced = false;
    const proxy = await startProxy(t.url, async (body) => {
      if (!raced && body.includes('grantsUpdate')) {
        raced = true;
        await world.grant(world.names.tom, 'BROWSE', world.names.catalog, 'CATALOG');
      }
      return false;
    });
    const text = `version: 1\nmode: authoritative\ncatalogs: { ${world.names.catalog}: { grants: { ${world.names.lea}: [BROWSE] } } }`;
    const env = { IMPRIMATUR_SERVER: proxy.url };
    world.cli.write('access.yaml', text);
    const answer = await world.cli.run(['apply', '-f', 'access.yaml'], { env });
    expect(answer.code).toBe(5);
    expect(answer.stderr).toContain('somebody else changed it while this plan was made; nothing was changed');
    expect(answer.stdout).toContain(
      `As it is now, this would be changed there:\n  catalog ${world.names.catalog}\n    + grant BROWSE to ${world.names.lea}\n    - grant BROWSE to ${world.names.tom}`,
    );
    expect((await world.state()).catalog.grants.nodes).toHaveLength(before.length + 1);
    expect((await world.cli.run(['apply', '-f', 'access.yaml', '--yes'], { env })).code).toBe(0);
    await proxy.close();
  });
});

describe('apply, when the server is lost half way,', () => {
  it('says what was done and what was not, and goes on from there the next time', async () => {
    let mutations = 0;
    const proxy = await startProxy(t.url, (body, response) => {
      const isLost = body.includes('"mutation') && ++mutations === 3;
      if (isLost) response.destroy();
      return isLost;
    });
    world.cli.write('access.yaml', fileOf('authoritative'));
    const answer = await world.cli.run(['apply', '-f', 'access.yaml', '--yes', '--json'], {
      env: { IMPRIMATUR_SERVER: proxy.url },
    });
    await proxy.close();
    expect(answer.code).toBe(7);
    expect(JSON.parse(answer.stderr)).toMatchObject({ error: { code: 'UNAVAILABLE', applied: 2 } });
    const statuses = answer.json().changes.map(({ status }: { status: string }) => status);
    const count = (wanted: string) => statuses.filter((status: string) => status === wanted).length;
    expect([count('applied'), count('unknown'), count('not applied')]).toEqual([2, 1, 9]);

    expect((await world.apply(fileOf('authoritative'), '--yes')).code).toBe(0);
    expect((await world.apply(fileOf('authoritative'), '--dry-run', '--exit-code')).code).toBe(0);
  });
});

describe('apply, when it is interrupted,', () => {
  it('lets the request under way end, and says what was done', async () => {
    let child: ChildProcess | undefined;
    let mutations = 0;
    const proxy = await startProxy(t.url, async (body) => {
      if (!body.includes('"mutation') || ++mutations !== 2) return false;
      const told = new Promise((resolve) => child?.stderr?.once('data', resolve));
      child?.kill('SIGINT');
      await told;
      return false;
    });
    world.cli.write('access.yaml', fileOf('additive'));
    const answer = await world.cli.run(['apply', '-f', 'access.yaml', '--yes', '--json'], {
      env: { IMPRIMATUR_SERVER: proxy.url },
      started: (process) => (child = process),
    });
    await proxy.close();
    expect(answer).toMatchObject({ code: 1, stderr: expect.stringContaining('interrupted') });
    const statuses = answer.json().changes.map(({ status }: { status: string }) => status);
    expect(statuses.filter((status: string) => status === 'applied')).toHaveLength(2);
    expect(new Set(statuses)).toEqual(new Set(['applied', 'not applied']));
    expect(mutations).toBe(2);
  });
});

describe('apply refuses', () => {
  const unchanged = async (text: string, code: number, message: RegExp, token = world.admin.token) => {
    const before = await world.state();
    world.cli.write('access.yaml', text);
    const answer = await world.cli.run(['apply', '-f', 'access.yaml', '--yes'], { env: { IMPRIMATUR_TOKEN: token } });
    expect(answer).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) });
    expect(await world.state()).toEqual(before);
  };

  it('a bad file, with the place', () =>
    unchanged(
      `version: 1\nmode: additive\ncatalogs: { ${world.names.catalog}: { grants: { ${world.names.lea}: [FLY] } } }`,
      2,
      /^error: access.yaml:3:\d+: catalogs.*"FLY" is not one of/,
    ));

  it('a principal that is not there', () =>
    unchanged(
      `version: 1\nmode: additive\ncatalogs: { ${world.names.catalog}: { grants: { nobody: [BROWSE] } } }`,
      6,
      /access.yaml:3:\d+: .*there is no user, service principal or group "nobody"/,
    ));

  it('what a stranger may not see, as what is not there', async () => {
    const eve = await t.make.user();
    const grants = `{ grants: { ${world.names.lea}: [BROWSE] } }`;
    await unchanged(
      `version: 1\nmode: additive\ncatalogs: { ${world.names.catalog}: ${grants} }`,
      6,
      /does not exist, or you may not see it/,
      eve.token,
    );
    await unchanged(
      `version: 1\nmode: additive\ncatalogs: { nowhere: ${grants} }`,
      6,
      /does not exist, or you may not see it/,
      eve.token,
    );
  });

  it('a reader, and says what he needs', async () => {
    const reader = await t.make.user();
    await world.grant(reader.name, 'BROWSE', world.names.catalog, 'CATALOG');
    await unchanged(
      `version: 1\nmode: authoritative\ncatalogs: { ${world.names.catalog}: { grants: {} } }`,
      4,
      /you need MANAGE on catalog/,
      reader.token,
    );
    await unchanged(
      `version: 1\nmode: additive\ngroups: { ${world.names.crew}: { members: [${world.names.tom}] } }`,
      4,
      /you need MANAGE on the metastore/,
      reader.token,
    );
  });

  it('a token that only reads', async () => {
    const text =
      'mutation { accessTokenCreate(input: { name: "narrow", readOnly: true }) { token errors { message } } }';
    const { data } = await graphql(t, world.admin.token, text);
    await unchanged(fileOf('additive'), 4, /./, data.accessTokenCreate.token);
  });
});
