import fs from 'node:fs';
import path from 'node:path';
import { describedSettings, loadConfig } from '@app/platform';
import { parse } from 'yaml';
import { root } from './service-process.js';

const read = (file: string) => fs.readFileSync(path.join(root, file), 'utf8');
const settingNames = new Set<string>(describedSettings.map(({ name }) => name));

describe('README.md', () => {
  it('has the table of settings that the code has', () => {
    const rows = describedSettings.map(
      ({ name, preset, description }) =>
        `| \`${name}\` | ${preset === undefined ? '' : `\`${preset}\``} | ${description} |`,
    );
    const table = ['| variable | default | meaning |', '|---|---|---|', ...rows].join('\n');
    expect(read('README.md')).toContain(table);
  });
});

describe('docs/operations.md', () => {
  it('has an example of issuers that the service takes, with every setting and its default', () => {
    const [, example = ''] = /```json\n(\[[^`]+\])\n```/.exec(read('docs/operations.md')) ?? [];
    const issuersOf = (json: string) =>
      loadConfig({ DATABASE_URL: 'postgresql://u@h/d', OIDC_ISSUERS: json }).settings.OIDC_ISSUERS;
    const { issuer, audience, groupsClaim, clientId, clientSecret } = JSON.parse(example)[0];
    const least = JSON.stringify([{ issuer, audience, groupsClaim, clientId, clientSecret }]);
    expect(issuersOf(example)).toEqual(issuersOf(least));
    expect(Object.keys(issuersOf(least)[0] ?? {}).sort()).toEqual(Object.keys(JSON.parse(example)[0]).sort());
  });
});

describe('every page', () => {
  const pages = [
    'README.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    ...fs
      .readdirSync(path.join(root, 'docs'), { recursive: true })
      .map((name) => path.join('docs', String(name)))
      .filter((name) => name.endsWith('.md')),
  ];

  it.each(pages)('%s links to files that exist', (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, link]) => link as string);
    const missing = links.filter((link) => !fs.existsSync(path.join(root, path.dirname(page), link)));
    expect(missing).toEqual([]);
  });

  it.each(pages)('%s names npm scripts that exist', (page) => {
    const { scripts } = JSON.parse(read('package.json'));
    const named = [...read(page).matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name as string);
    expect(named.filter((name) => !scripts[name])).toEqual([]);
  });
});

describe('docker-compose.yml', () => {
  const { services, volumes } = parse(read('docker-compose.yml'), { merge: true });

  it('gives our processes settings that exist, and every service its health check', () => {
    for (const name of ['setup', 'api', 'worker']) {
      const unknown = Object.keys(services[name].environment).filter((key) => !settingNames.has(key));
      expect({ name, unknown }).toEqual({ name, unknown: [] });
    }
    for (const name of ['postgres', 'valkey', 'api', 'worker']) expect(services[name].healthcheck.test[0]).toBe('CMD');
  });

  it('starts files that the image has', () => {
    const commands = ['setup', 'api', 'worker'].map((name) => services[name].command.join(' '));
    const files = commands.flatMap((command) => command.match(/(dist|prisma)\/[\w./-]+/g) ?? []);
    expect(files).toHaveLength(4);
    const source = (file: string) =>
      file.replace(/^dist\//, '').replace(/\.js$/, file.startsWith('dist/') ? '.ts' : '.js');
    expect(files.filter((file) => !fs.existsSync(path.join(root, source(file))))).toEqual([]);
  });

  it('waits for what it needs, and declares its volumes', () => {
    const named = Object.values<{ depends_on?: object }>(services).flatMap(({ depends_on = {} }) =>
      Object.keys(depends_on),
    );
    expect(named.filter((name) => !services[name])).toEqual([]);
    const mounted = Object.values<{ volumes?: string[] }>(services).flatMap((service) => service.volumes ?? []);
    expect(new Set(mounted.map((mount) => mount.split(':')[0]))).toEqual(new Set(Object.keys(volumes)));
  });

  it('holds no secret', () => {
    const secrets = read('docker-compose.yml').match(/(PASSWORD|TOKEN): .*/g) ?? [];
    expect(secrets).toHaveLength(2);
    for (const line of secrets) expect(line).toMatch(/: \$\{\w+:[?-][^}]*\}$/);
  });
});

describe('Dockerfile', () => {
  it('copies files that exist and that .dockerignore lets through, and ends as an ordinary user', () => {
    const dockerfile = read('Dockerfile');
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files]) =>
      (files as string).split(' '),
    );
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const isAllowed = (file: string) => allowed.some((name) => file === name || file.startsWith(`${name}/`));
    expect(copied.filter((file) => !isAllowed(file) || !fs.existsSync(path.join(root, file)))).toEqual([]);
    expect(dockerfile.match(/^USER (.*)$/gm)?.at(-1)).toBe('USER node');
  });
});
