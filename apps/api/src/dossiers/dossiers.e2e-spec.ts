import { createHash } from 'node:crypto';
import { actAs } from '@app/platform';
import { Discussions } from '@app/promotion';
import { Sealer } from '@app/transparency';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { createGovernedDoor, type GovernedDoor } from '../../../../test/support/governed-door.js';
import { graphql } from '../../../../test/support/graphql.js';

const hostile = `</pre><script>alert("1")</script><img src=x onerror='alert(2)'>&\u202e`;
const model = 'prod.fraud.written';

describe('the dossier at the door', () => {
  let d: GovernedDoor;
  let number: number;
  let auditor: TestPrincipal;
  let elsewhere: TestPrincipal;

  beforeAll(async () => {
    d = await createGovernedDoor({ PUBLIC_URL: 'https://models.example.com' });
    auditor = await d.t.make.user('auditor');
    elsewhere = await d.t.make.user('elsewhere');
    await d.t.make.schema('other.fraud', elsewhere);
    const catalog = await d.t.db.first<{ id: string }>(sql`SELECT id FROM securables WHERE full_name = 'prod'`);
    await d.t.make.grant(auditor, catalog as { id: string }, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE', 'READ_AUDIT');
    await d.model(model);
    const input = { model, version: 1, target: { kind: 'ALIAS', name: 'champion' }, justification: hostile };
    const { data } = await graphql(
      d.t,
      d.scientist.token,
      'mutation($input: PromotionRequestCreateInput!) { promotionRequestCreate(input: $input) { promotionRequest { number } errors { message } } }',
      { input },
    );
    number = data.promotionRequestCreate.promotionRequest.number;
    await d.runGates();
    await actAs(d.lead, () =>
      d.t.app.get(Discussions, { strict: false }).open({ number, text: hostile, blocking: false }),
    );
    await d.t.db.execute(sql`UPDATE model_versions SET description = ${hostile}`);
    while ((await d.t.app.get(Sealer, { strict: false }).seal()).sealed > 0);
  });
  afterAll(() => d.close());

  const get = (who: TestPrincipal | null, suffix = '', accept = '*/*', asked: number | string = number) =>
    fetch(`${d.t.url}/api/promotions/v1/requests/${asked}/dossier${suffix}`, {
      headers: { accept, ...(who && { authorization: `Bearer ${who.token}` }) },
    });

  it('is JSON, with the digest of what was sent, and the same as by GraphQL', async () => {
    const answer = await get(d.reader);
    const text = await answer.text();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    expect(answer.headers.get('content-digest')).toBe(
      `sha-256=:${createHash('sha256').update(text).digest('base64')}:`,
    );
    expect([answer.headers.get('cache-control'), answer.headers.get('vary')]).toEqual(['no-store', 'accept']);
    expect(JSON.parse(text)).toMatchObject({
      format: 'imprimatur-dossier/1',
      request: { number, justification: hostile },
    });
    const { data } = await graphql(
      d.t,
      d.reader.token,
      'query($number: Int!) { promotionRequest(number: $number) { dossier { format sha256 json url completeness { score present applicable items { item state } missing { item todo headings } } } } }',
      { number },
    );
    const { dossier } = data.promotionRequest;
    expect(dossier.json).toBe(text);
    expect(dossier.sha256).toBe(createHash('sha256').update(text).digest('hex'));
    expect(dossier.url).toBe(`https://models.example.com/api/promotions/v1/requests/${number}/dossier`);
    expect(dossier.completeness.missing).toContainEqual({
      item: 'LIMITATIONS',
      todo: expect.stringContaining('Limitations'),
      headings: expect.any(Array),
    });
    expect(dossier.completeness.score).toBeLessThan(1);
  });

  it('is a page that loads nothing, runs nothing, and shows what was said as text', async () => {
    for (const answer of [await get(auditor, '', 'text/html,*/*;q=0.5'), await get(auditor, '.html')]) {
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      const policy = answer.headers.get('content-security-policy') ?? '';
      expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/]+=*'; frame-ancestors 'none'/);
      const page = await answer.text();
      const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(page) ?? [];
      expect(policy).toContain(createHash('sha256').update(style).digest('base64'));
      expect(page).not.toMatch(/<script|<img|\son\w+=['"]/i);
      expect(page.split('&lt;/pre&gt;&lt;script&gt;').length).toBeGreaterThan(3);
      const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
      const links = [...page.matchAll(/ href="([^"]+)"/g)].map(([, href]) => href);
      expect(links.filter((href) => !href?.startsWith('#') || !ids.has(href.slice(1)))).toEqual([]);
      expect(page).toContain('Annex IV, 9');
      expect(page).toContain('not kept here');
    }
  });

  it('has the audit events for who may read them, and says so to the others', async () => {
    const read = async (who: TestPrincipal) => JSON.parse(await (await get(who, '.json')).text());
    const [seen, unseen] = [await read(auditor), await read(d.reader)];
    expect(seen.events.entries.length).toBeGreaterThan(0);
    expect(unseen.events).toBeNull();
    expect(unseen.notShown).toContainEqual({ section: 'events', why: `needs READ_AUDIT on ${model}` });
    const hidden = unseen.completeness.items.filter(({ state }: { state: string }) => state === 'NOT_SHOWN').length;
    expect(hidden).toBeGreaterThan(0);
    expect(await (await get(d.reader, '.html')).text()).toContain(`; ${hidden} are not shown to you`);
    expect(await (await get(auditor, '.html')).text()).not.toContain('not shown to you');
  });

  it('is for nobody else, and tells nothing of what there is', async () => {
    expect((await get(null)).status).toBe(401);
    const answers = [d.stranger, elsewhere].flatMap((who) => [
      get(who),
      get(who, '.html'),
      get(who, '', '*/*', 770077),
    ]);
    const bodies = (await Promise.all(answers)).map(async (answer) => {
      const { requestId, ...body } = JSON.parse(await answer.text());
      return [answer.status, answer.headers.get('content-type'), JSON.stringify(body).replace(/\d{3,}|\b1\b/g, 'N')];
    });
    const told = await Promise.all(bodies);
    expect(new Set(told.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(told[0]?.[0]).toBe(404);
    expect((await get(d.reader, '', '*/*', 'one')).status).toBe(400);
  });
});
