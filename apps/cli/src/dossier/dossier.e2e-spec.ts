import fs from 'node:fs';
import path from 'node:path';
import sql from 'sql-template-tag';
import { type Cli, createCli } from '../../../../test/support/cli.js';
import { createGovernedDoor, type GovernedDoor } from '../../../../test/support/governed-door.js';
import { graphql } from '../../../../test/support/graphql.js';

describe('imprimatur dossier', () => {
  let d: GovernedDoor;
  let cli: Cli;
  let number: number;

  beforeAll(async () => {
    d = await createGovernedDoor();
    cli = createCli({ IMPRIMATUR_SERVER: d.t.url, IMPRIMATUR_TOKEN: d.reader.token });
    const model = await d.model('prod.fraud.filed');
    const input = { model, version: 1, target: { kind: 'ALIAS', name: 'champion' }, justification: 'better' };
    const { data } = await graphql(
      d.t,
      d.scientist.token,
      'mutation($input: PromotionRequestCreateInput!) { promotionRequestCreate(input: $input) { promotionRequest { number } } }',
      { input },
    );
    number = data.promotionRequestCreate.promotionRequest.number;
  });
  afterAll(async () => {
    cli.remove();
    await d.close();
  });

  const run = (...args: string[]) => cli.run(['dossier', ...args]);
  const read = (file: string) => fs.readFileSync(path.join(cli.home, file), 'utf8');

  it('writes JSON, and a page', async () => {
    expect(await run(String(number), '-o', 'd.json')).toMatchObject({ code: 0, stdout: 'Written to d.json.\n' });
    expect(JSON.parse(read('d.json'))).toMatchObject({ format: 'imprimatur-dossier/1', request: { number } });
    expect(await run(String(number), '--html', '-o', 'd.html')).toMatchObject({ code: 0 });
    expect(read('d.html')).toMatch(/^<!doctype html>/);
  });

  it('writes the report on a period, for who may read the audit trail', async () => {
    const catalog = await d.t.db.first<{ id: string }>(sql`SELECT id FROM securables WHERE full_name = 'prod'`);
    const report = (...more: string[]) =>
      cli.run([
        'audit',
        'report',
        '--from',
        '2026-01-01T00:00:00Z',
        '--to',
        '2100-01-01T00:00:00Z',
        '-o',
        'r',
        ...more,
      ]);
    expect(await report('--within', 'prod')).toMatchObject({ code: 4 });
    await d.t.make.grant(d.reader, catalog as { id: string }, 'READ_AUDIT');
    expect(await report('--within', 'prod')).toMatchObject({ code: 0, stdout: 'Written to r.\n' });
    expect(JSON.parse(read('r'))).toMatchObject({ within: 'prod', requests: { opened: 1 } });
    expect(await report('--within', 'prod', '--format', 'csv')).toMatchObject({ code: 0 });
    expect(read('r')).toContain('"requests","opened","1"');
    expect(await report('--within', 'nowhere')).toMatchObject({ code: 6 });
  });

  it('says what is wrong', async () => {
    expect(await run('one', '-o', 'x')).toMatchObject({ code: 2, stderr: expect.stringContaining('not the number') });
    expect(await run(String(number))).toMatchObject({ code: 2 });
    const absent = await run('770077', '-o', 'x');
    expect(absent).toMatchObject({ code: 6, stderr: expect.stringContaining('770077') });
    expect(fs.existsSync(path.join(cli.home, 'x'))).toBe(false);
  });
});
