import fs from 'node:fs';
import path from 'node:path';
import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';
import { type Cli, createCli, startProxy } from '../../../../test/support/cli.js';
import type { TestPrincipal } from '../../../../test/support/factories.js';

let t: TestApp;
let ada: TestPrincipal;
let cli: Cli;

beforeAll(async () => {
  t = await createTestApp();
  ada = await t.make.user('ada');
});
afterAll(() => t.close());
beforeEach(() => {
  cli = createCli();
});
afterEach(() => cli.remove());

const credentialsOf = ({ home }: Cli) => path.join(home, 'config/imprimatur/credentials.json');
const login = (server = t.url, token = ada.token) =>
  cli.run(['auth', 'login', '--server', server, '--token-stdin'], { stdin: `${token}\n` });

describe('auth login', () => {
  it('keeps the token in a file that nobody else can read, and never prints it', async () => {
    const answer = await login();
    expect(answer).toMatchObject({ code: 0, stderr: '' });
    expect(answer.stdout).toContain('as user ada');
    const file = credentialsOf(cli);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(fs.statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
    expect(JSON.parse(fs.readFileSync(file, 'utf8')).servers[t.url]).toMatchObject({
      token: ada.token,
      principal: 'ada',
    });

    const status = await cli.run(['auth', 'status', '--json']);
    expect(status.json()).toMatchObject({
      server: t.url,
      principal: { name: 'ada' },
      token: { name: 'test', readOnly: false },
    });
    expect(answer.stdout + status.stdout).not.toContain(ada.token);
  });

  it('stores nothing when the server does not take the token', async () => {
    const answer = await login(t.url, 'imp_wrong');
    expect(answer).toMatchObject({ code: 3, stdout: '' });
    expect(answer.stderr).toContain('the token is not valid');
    expect(answer.stderr).not.toContain('imp_wrong');
    expect(fs.existsSync(credentialsOf(cli))).toBe(false);
  });

  it('keeps one token for each server, and forgets only the one that is named', async () => {
    const other = await startProxy(t.url, () => false);
    await login();
    await login(other.url);
    expect((await cli.run(['auth', 'status', '--json'])).json().server).toBe(other.url);
    expect((await cli.run(['auth', 'logout'])).stdout).toContain(`Forgot the token for ${other.url}`);
    expect(await cli.run(['auth', 'status'])).toMatchObject({ code: 3 });
    expect((await cli.run(['auth', 'status', '--server', t.url])).code).toBe(0);
    expect((await cli.run(['auth', 'logout', '--json', '--server', other.url])).json().forgotten).toBe(false);
    await other.close();
  });

  it('asks nobody where nobody is', async () => {
    const answer = await cli.run(['auth', 'login', '--server', t.url]);
    expect(answer).toMatchObject({ code: 2, stderr: expect.stringContaining('give --token-stdin') });
  });
});

describe('the token', () => {
  it('may come from the environment, and is then used instead of a stored one', async () => {
    const bob = await t.make.user('bob');
    await login();
    const env = { IMPRIMATUR_SERVER: `${t.url}/`, IMPRIMATUR_TOKEN: bob.token };
    const answer = await cli.run(['auth', 'status', '--json'], { env });
    expect(answer.json()).toMatchObject({
      server: t.url,
      principal: { name: 'bob' },
      token: { source: 'IMPRIMATUR_TOKEN' },
    });
  });

  it('is not read from a file that others can read', async () => {
    await login();
    fs.chmodSync(credentialsOf(cli), 0o644);
    const answer = await cli.run(['auth', 'status']);
    expect(answer).toMatchObject({ code: 1, stderr: expect.stringContaining('others can read it (mode 644)') });
  });

  it('tells how it was narrowed when it was made', async () => {
    const prod = await t.make.securable('CATALOG', 'narrow', ada);
    await t.db.execute(sql`UPDATE access_tokens SET read_only = true, catalog_id = ${prod.id}::uuid,
      expires_at = '2099-01-31T00:00:00Z' WHERE principal_id = ${ada.id}::uuid`);
    await login();
    const { stdout } = await cli.run(['auth', 'status']);
    await t.db.execute(sql`UPDATE access_tokens SET read_only = false, catalog_id = NULL`);
    expect(stdout).toMatch(/expires +2099-01-31\n/);
    expect(stdout).toMatch(/narrowed +read only, catalog narrow\n/);
  });
});

describe('a server that', () => {
  const told = async (server: string) => {
    const { code, stderr } = await login(server);
    expect(stderr).not.toContain(ada.token);
    return { code, stderr };
  };
  const answering = (status: number, headers: Record<string, string> = {}, body = '<html>') =>
    startProxy(t.url, (_body, response) => {
      response.writeHead(status, headers).end(body);
      return true;
    });

  it('is not there', async () => {
    const gone = await startProxy(t.url, () => false);
    await gone.close();
    expect(await told(gone.url)).toMatchObject({ code: 7, stderr: expect.stringContaining('nothing listens there') });
  });

  it('does not speak TLS', async () => {
    const answer = await told(t.url.replace('http:', 'https:'));
    expect(answer).toMatchObject({ code: 7, stderr: expect.stringContaining('does not speak TLS there') });
  });

  it.each([
    [200, {}, 2, 'not as Imprimatur does'],
    [404, {}, 2, 'answers 404'],
    [301, { location: 'https://elsewhere.example.org' }, 2, 'redirects to https://elsewhere.example.org'],
    [429, { 'retry-after': '17' }, 7, 'try again in 17 s'],
    [503, {}, 7, 'not able to answer (503)'],
    [500, { 'x-request-id': 'req-1' }, 1, 'request id req-1'],
  ])('answers %i', async (status, headers, code, message) => {
    const server = await answering(status, headers as Record<string, string>);
    expect(await told(server.url)).toMatchObject({ code, stderr: expect.stringContaining(message) });
    await server.close();
  });

  it.each([
    ['ftp://models.example.org', 'is not an http or https address'],
    ['https://me:secret@models.example.org', 'holds a user or a password'],
    ['models.example.org', 'is not an http or https address'],
  ])('has the address %s', async (server, message) => {
    const answer = await told(server);
    expect(answer).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
    expect(answer.stderr).not.toContain('secret');
  });
});

describe('a command line', () => {
  it.each([
    [['--version'], 0],
    [['--help'], 0],
    [['apply', '--help'], 0],
    [[], 2],
    [['nothing'], 2],
    [['apply', '--nothing'], 2],
    [['apply'], 2],
    [['explain', 'ada', 'FLY', 'prod'], 2],
    [['explain', 'ada', 'EXECUTE', 'a.b.c.d'], 2],
    [['auth', 'status'], 3],
  ])('%j ends with %i', async (args, code) => {
    const answer = await cli.run(args);
    expect(answer.code).toBe(code);
    expect(code === 0 ? answer.stderr : answer.stdout).toBe('');
  });

  it('tells its errors in JSON to programs', async () => {
    const { stderr, stdout } = await cli.run(['nothing', '--json']);
    expect(stdout).toBe('');
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'USAGE', exitCode: 2 } });
  });
});
