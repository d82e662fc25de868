import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { METASTORE_ID } from '@app/access';
import { AuditLog } from '@app/audit';
import { runInContext, Transaction } from '@app/platform';
import { Sealer } from '@app/transparency';
import { parse } from 'csv-parse/sync';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';
import { type Cli, createCli } from '../../../../test/support/cli.js';
import type { TestPrincipal } from '../../../../test/support/factories.js';

const somebody = { id: '00000000-0000-7000-8000-0000000000aa', name: '=cmd()', kind: 'USER' };
const count = 320;

describe('the audit log, verified offline', () => {
  let t: TestApp;
  let cli: Cli;
  let auditor: TestPrincipal;
  let stranger: TestPrincipal;
  let key: string;
  let lines: string[];

  beforeAll(async () => {
    t = await createTestApp();
    [auditor, stranger] = [await t.make.user('auditor'), await t.make.user('stranger')];
    await t.make.grant(auditor, { id: METASTORE_ID }, 'READ_AUDIT');
    cli = createCli({ IMPRIMATUR_SERVER: t.url, IMPRIMATUR_TOKEN: auditor.token });
    await record(1, 150);
    await seal();
    fs.writeFileSync(inHome('early.txt'), (await run('checkpoint', '--json')).json().note);
    await record(151, count);
    await seal();
    key = (await run('checkpoint', '--json')).json().verifierKey;
    expect(await run('export', '-o', 'audit.ndjson')).toMatchObject({ code: 0, stderr: '' });
    lines = fs.readFileSync(inHome('audit.ndjson'), 'utf8').split('\n').slice(0, -1);
  });
  afterAll(async () => {
    cli.remove();
    await t.close();
  });

  const inHome = (file: string) => path.join(cli.home, file);
  const run = (...args: string[]) => cli.run(['audit', ...args]);
  const verify = (file: string, ...more: string[]) => run('verify', file, '--key', key, ...more, '--json');
  const verifyText = async (text: string, ...more: string[]) => {
    cli.write('changed', text);
    return (await verify('changed', ...more)).json();
  };
  const download = (who: TestPrincipal, query: string) =>
    fetch(`${t.url}/api/audit/v1/export${query}`, { headers: { authorization: `Bearer ${who.token}` } });
  const isEvent = (line: string) => line.startsWith('{"event"');
  /** The line of an event, by its number. */
  const at = (sequence: number) => lines.findIndex((line) => line.includes(`"sequence":${sequence},`));
  const changed = (change: (lines: string[]) => void) => {
    const copy = [...lines];
    change(copy);
    return `${copy.join('\n')}\n`;
  };

  async function record(from: number, to: number) {
    const context = { requestId: 'r', address: '127.0.0.1', caller: somebody, onBehalfOf: '=requester', memo: {} };
    for (let start = from; start <= to; start += 10) {
      await runInContext(context, () =>
        t.app.get(Transaction).run(() =>
          t.app.get(AuditLog).recordAll(
            Array.from({ length: Math.min(10, to - start + 1) }, (_, index) => ({
              action: `number.n${start + index}`,
              object: { kind: 'RUN' as const, id: null, name: '+1 "x",\n\'y', within: null },
              before: index % 2 ? null : -1,
              after: { ü: [1e21, 1.5, '=x'], b: { sequence: 7, leafHash: 'x' } },
              reason: index % 3 ? '' : null,
            })),
          ),
        ),
      );
      await seal();
    }
  }
  async function seal() {
    while ((await t.app.get(Sealer, { strict: false }).seal()).sealed > 0);
  }

  it('accepts what was exported, with the checkpoint of before', async () => {
    const events = lines.filter(isEvent).length;
    const answer = await run('verify', 'audit.ndjson', '--key', key, '--since', 'early.txt');
    expect(answer).toMatchObject({ code: 0, stderr: '' });
    expect(answer.stdout).toContain(
      `${events} of ${events} events valid\nhead: imprimatur/audit, ${events} events, root `,
    );
    expect(events).toBeGreaterThan(count);
  });

  it('accepts the same as CSV, in which nothing is a formula', async () => {
    await run('export', '-o', 'audit.csv', '--format', 'csv');
    const text = fs.readFileSync(inHome('audit.csv'), 'utf8');
    const cells = (parse(text, { relax_column_count: true }) as string[][]).flat();
    expect(cells.filter((cell) => /^[=+\-@\t\r]/.test(cell))).toEqual([]);
    expect(cells).toContain("'=cmd()");
    const { valid, bad } = (await verify('audit.csv', '--since', 'early.txt')).json();
    expect([valid, bad]).toEqual([lines.filter(isEvent).length, null]);
    cli.write('changed.csv', text.replace('number.n57', 'number.n58'));
    expect((await verify('changed.csv')).json().bad.problem).toBe('the event is not what was sealed');
  });

  it('accepts a part of the log, event by event', async () => {
    const query = new URLSearchParams({ action: 'number.n1*' });
    const text = await download(auditor, `?${query}`).then((answer) => answer.text());
    const { valid, count: told, bad } = await verifyText(text);
    expect([valid, bad]).toEqual([told, null]);
    expect(told).toBe(1 + 10 + 100);
    expect((await verifyText(text.replace('number.n17"', 'number.n18"'))).bad.problem).toBe(
      'the event is not what was sealed',
    );
    const without = text
      .split('\n')
      .filter((line) => !line.includes('number.n17"'))
      .join('\n');
    expect((await verifyText(without)).bad.problem).toContain('its manifest says 111');
  });

  describe('finds', () => {
    const cases: [what: string, text: () => string, sequence: number | null, problem: string][] = [
      [
        'one byte',
        () => changed((copy) => (copy[at(57)] = copy[at(57)]!.replace('RUN', 'RUM'))),
        57,
        'not what was sealed',
      ],
      ['a deleted event', () => changed((copy) => copy.splice(at(57), 1)), 57, 'the number 58 stands here'],
      [
        'two that were swapped',
        () => changed((copy) => ([copy[at(57)], copy[at(58)]] = [copy[at(58)]!, copy[at(57)]!])),
        57,
        'the number 58',
      ],
      [
        'an inserted event',
        () => changed((copy) => copy.splice(at(57), 0, copy[at(57)]!)),
        58,
        'the number 57 stands here',
      ],
      ['a cut file', () => changed((copy) => copy.splice(at(200))), null, 'cut off'],
      [
        'a cut log, with the manifest kept',
        () => changed((copy) => copy.splice(at(200), copy.length - at(200) - 1)),
        200,
        'is missing',
      ],
      [
        'other numbers',
        () =>
          changed((copy) =>
            copy.splice(0, copy.length - 1, ...copy.slice(at(2), -1).map((line) => renumbered(line, -1))),
          ),
        1,
        'not what was sealed',
      ],
      [
        'an event with a hash that fits',
        () => changed((copy) => (copy[at(57)] = rehashed(copy[at(57)]!.replace('RUN', 'RUM')))),
        52,
        'not those that the checkpoint',
      ],
      [
        'another manifest',
        () => changed((copy) => (copy[copy.length - 1] = copy.at(-1)!.replace('auditor', 'nobody!'))),
        null,
        'manifest is not signed',
      ],
      [
        'a checkpoint within that says something else',
        () => changed((copy) => (copy[checkpointAt(copy)] = copy[checkpointAt(copy)]!.replace(/\\n\d+\\n/, '\\n7\\n'))),
        10,
        'is over 7 events',
      ],
      [
        'another checkpoint, signed with another key',
        () => resigned(),
        null,
        'is not signed with the key that you trust',
      ],
    ];
    const checkpointAt = (copy: string[]) => copy.findIndex((line) => line.startsWith('{"checkpoint"'));
    const renumbered = (line: string, by: number) =>
      isEvent(line)
        ? line.replace(/"sequence":(\d+),"source/, (_, n) => `"sequence":${Number(n) + by},"source`)
        : '{"checkpoint":""}';
    const rehashed = (line: string) => {
      const entry = line.slice('{"event":'.length, line.lastIndexOf(',"leafHash"'));
      const hash = createHash('sha256').update(Buffer.of(0)).update(entry).digest('base64');
      return `{"event":${entry},"leafHash":"${hash}"}`;
    };
    const resigned = () => {
      const { privateKey } = generateKeyPairSync('ed25519');
      return changed((copy) => {
        const { manifest } = JSON.parse(copy.at(-1) as string);
        const text = manifest.checkpoint.split('\n\n')[0];
        const id = Buffer.from(manifest.checkpoint.split(' ').at(-1).trim(), 'base64').subarray(0, 4);
        const signature = Buffer.concat([id, sign(null, Buffer.from(`${text}\n`), privateKey)]).toString('base64');
        const note = `${text}\n\n— imprimatur/audit ${signature}\n`;
        copy[copy.length - 1] = JSON.stringify({ manifest: { ...manifest, checkpoint: note }, signature: '' });
      });
    };

    it.each(cases)('%s', async (_, text, sequence, problem) => {
      cli.write('changed', text());
      const answer = await verify('changed');
      expect(answer.code).toBe(1);
      const said = answer.stdout ? answer.json().bad : { sequence: null, problem: answer.stderr };
      expect(said).toMatchObject({ sequence, problem: expect.stringContaining(problem) });
    });

    it('an older state, by a checkpoint that was kept', async () => {
      await record(count + 1, count + 10);
      const later = (await run('checkpoint', '--json')).json();
      cli.write('later.txt', later.note);
      const { bad } = (await verify('audit.ndjson', '--since', 'later.txt')).json();
      expect(bad.problem).toContain(`the checkpoint that you have is over ${later.treeSize}`);
    });
  });

  it('says what is wrong with keys, files and checkpoints', async () => {
    expect(await run('verify', 'audit.ndjson', '--key', 'nonsense')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is no verifier key'),
    });
    expect(await verify('nowhere')).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be read') });
    expect(await verify('audit.ndjson', '--since', 'audit.ndjson')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is no checkpoint'),
    });
  });

  it('is refused to strangers, and to auditors of one catalog but for what is in it', async () => {
    const own = await t.make.schema('audited.things', stranger);
    const local = await t.make.user('local auditor');
    await t.make.grant(local, own, 'READ_AUDIT');
    expect((await download(stranger, '')).status).toBe(403);
    expect((await download(local, '')).status).toBe(403);
    expect((await download(local, '?within=nowhere')).status).toBe(404);
    expect((await download(local, '?within=audited.things')).status).toBe(200);
    expect((await t.call('GET', '/api/audit/v1/export')).status).toBe(401);
    const wrong = await download(auditor, '?from=yesterday');
    expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('RFC 3339')]);
  });
});
