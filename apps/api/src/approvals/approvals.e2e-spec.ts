import { createGovernedDoor, type GovernedDoor } from '../../../../test/support/governed-door.js';
import { graphql } from '../../../../test/support/graphql.js';

const unescaped = (html: string): string =>
  html.replace(
    /&(lt|gt|quot|#39|amp);/g,
    (_, name: string) => ({ lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' })[name] ?? '',
  );

/** The body of the curl command on a page, as a shell would read it. */
function bodyIn(html: string): { query: string; variables: Record<string, Record<string, unknown>> } {
  const [, body = ''] = /-d '(.*)'<\/pre>/s.exec(unescaped(html).replaceAll("'\\''", '\u0001')) ?? [];
  return JSON.parse(body.replaceAll('\u0001', "'"));
}

describe('the addresses that people are sent to when a target is protected', () => {
  let d: GovernedDoor;
  beforeAll(async () => {
    d = await createGovernedDoor({ PUBLIC_URL: 'https://models.example.com' });
  });
  afterAll(() => d.close());

  const open = (path: string) => d.t.call('GET', `/approvals/${path}`);

  it('tell without a login how the request is opened, and it is opened so', async () => {
    const model = await d.model('prod.fraud.paged');
    const answer = await open(`new?model=${model}&version=1&stage=production`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toContain('version 1 of prod.fraud.paged shall hold stage Production');
    expect(unescaped(answer.body)).toContain(
      'workspace.model_registry.create_transition_request("prod.fraud.paged", "1", "Production", comment="<why>")',
    );
    const { query, variables } = bodyIn(answer.body);
    const { data, errors } = await graphql(d.t, d.scientist.token, query, variables);
    expect({ data, errors }).toMatchObject({ data: { promotionRequestCreate: { errors: [] } }, errors: undefined });
    const { number } = data.promotionRequestCreate.promotionRequest;

    const look = bodyIn((await open(String(number))).body);
    const seen = await graphql(d.t, d.lead.token, look.query, look.variables);
    expect(seen).toMatchObject({
      data: { promotionRequest: { modelFullName: model, viewerDecision: { allowed: true } } },
    });
    // The number of nothing is answered alike.
    expect((await open('770077')).body.replaceAll('770077', String(number))).toBe((await open(String(number))).body);
  });

  it('run nothing, load nothing, and repeat what they were given as text', async () => {
    const hostile = `prod.fraud.<script>alert('1')<\u200d"&`;
    const { status, body, headers } = await open(`new?${new URLSearchParams({ model: hostile, alias: 'champion' })}`);
    expect(status).toBe(200);
    expect(body).not.toMatch(/<script|javascript:|<(img|link|a|form|iframe)\b/i);
    expect(bodyIn(body).variables.input).toMatchObject({ model: hostile, version: '<number>' });
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/]+=*'; frame-ancestors 'none'/,
    );
  });

  it.each([
    'new',
    'new?model=prod.fraud.scorer',
    'new?model=prod.fraud.scorer&alias=champion&stage=Production',
    'new?model=prod.fraud.scorer&model=b&alias=champion',
    'new?model=prod.fraud&alias=champion',
    'new?model=prod.fraud.scorer&alias=v1',
    'new?model=prod.fraud.scorer&stage=Prod',
    'new?model=prod.fraud.scorer&alias=champion&version=0',
    'new?model=prod.fraud.scorer&alias=champion&version=1e9',
    `new?alias=champion&model=${'a'.repeat(1001)}`,
    '0',
    'x',
    '99999999999',
  ])('refuse %s as data, not as a page', async (path) => {
    const { status, body, headers } = await open(path);
    expect([status, body.code]).toEqual([400, 'INVALID_ARGUMENT']);
    expect(headers.get('content-type')).toContain('application/json');
  });
});
