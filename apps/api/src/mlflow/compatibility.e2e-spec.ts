import fs from 'node:fs';
import path from 'node:path';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';

const here = 'apps/api/src/mlflow';
const page = 'docs/mlflow-compatibility.md';
const notImplemented = '501 NOT_IMPLEMENTED';

interface Endpoint {
  call: string;
  method: string;
  /** With {parameters}, or <path:parameters> that may hold slashes. */
  path: string;
}

const { mlflow, endpoints } = JSON.parse(fs.readFileSync(`${here}/endpoints.json`, 'utf8')) as {
  mlflow: string;
  endpoints: Endpoint[];
};

/** Which spec makes the calls of a path; the first that matches. */
const specOfPath: [path: RegExp, spec: string][] = [
  [/mlflow-artifacts\/(mpu|presigned)|presigned-download/, 'artifacts/direct-transfers'],
  [/mlflow-artifacts\//, 'artifacts/artifacts'],
  [/logged-models|artifacts\/list/, 'tracking/logged-models'],
  [/search-datasets|get-history-bulk/, 'tracking/charts'],
  [/runs\/log-model/, 'tracking/model-history'],
  [/(experiments|runs|metrics)\//, 'tracking/tracking'],
  [/model-versions\//, 'registry/model-versions'],
  [/registered-models\//, 'registry/registered-models'],
  [/mlflow\/webhooks/, 'webhooks/webhooks'],
];

/** The spec that makes a call; undefined when the last word of its path is not in it. */
function specOf({ path: full }: Endpoint): string | undefined {
  const [, named = ''] = specOfPath.find(([pattern]) => pattern.test(full)) ?? [];
  const file = `${here}/${named}.e2e-spec.ts`;
  const last = full.split('/').findLast((segment) => !/[{<]/.test(segment));
  const says = new RegExp(`(?<![\\w-])${last}(?![\\w-])`);
  return named && says.test(fs.readFileSync(file, 'utf8')) ? file : undefined;
}

describe(page, () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp();
  });
  afterAll(() => t.close());

  /** A path that the call may have. */
  const exampleOf = ({ path: template }: Endpoint) => template.replace(/<path:\w+>|\{[\w.]+\}/g, 'x');

  /** The route that a call comes to, as its method and path say. */
  function routeOf(endpoint: Endpoint) {
    const example = exampleOf(endpoint);
    const { operations } = t.app.getHttpAdapter().getInstance();
    const leadsTo = (url: string) => {
      const pattern = url.replace(/\./g, '\\.').replace(/:\w+/g, '[^/]+').replace(/\*/g, '.+');
      return new RegExp(`^${pattern}$`).test(example);
    };
    const routes = operations.filter((each) => each.method === endpoint.method && leadsTo(each.url));
    // A path as it stands is preferred to a parameter, by Fastify too.
    return routes.find(({ url }) => url === example) ?? routes[0];
  }

  function answerOf(endpoint: Endpoint): string {
    const declaration = routeOf(endpoint)?.declaration;
    if (!declaration) return '404 ENDPOINT_NOT_FOUND';
    if ('questions' in declaration) return `asks ${declaration.questions.join(', ')}`;
    return 'open' in declaration && /no such thing/.test(declaration.open) ? notImplemented : 'served';
  }

  it('tells of every endpoint of the client what this service does, and which test shows it', () => {
    const rows = endpoints.map((endpoint) => {
      const answer = answerOf(endpoint);
      const spec = answer === notImplemented ? `${here}/compatibility.e2e-spec.ts` : specOf(endpoint);
      const shown = spec ? `[${path.basename(spec)}](../${spec})` : '';
      const call = `${endpoint.method} ${endpoint.path.replace(/[<>]/g, '').replace(/\{path:|path:(\w+)/g, '{$1}')}`;
      return `| \`${call}\` | ${answer} | ${shown} |`;
    });
    const table = ['| call | answer | test |', '|---|---|---|', ...rows].join('\n');
    const text = fs.readFileSync(page, 'utf8');
    expect(text).toContain(`MLflow ${mlflow}`);
    expect(text.slice(text.indexOf('| call |')).trim()).toBe(table);
  });

  it('leaves no call of the client without an answer, and nothing that is served without a test', () => {
    const answers = endpoints.map((endpoint) => ({ ...endpoint, answer: answerOf(endpoint) }));
    expect(answers.filter(({ answer }) => answer.startsWith('404'))).toEqual([]);
    expect(answers.filter((each) => each.answer !== notImplemented && !specOf(each))).toEqual([]);
  });

  it('answers NOT_IMPLEMENTED to every call that it does not offer, and says so', async () => {
    const { token } = await t.make.user();
    for (const endpoint of endpoints.filter((each) => answerOf(each) === notImplemented)) {
      const { method } = endpoint;
      const { status, body } = await t.call(method, exampleOf(endpoint), {
        token,
        body: method === 'GET' ? undefined : {},
      });
      expect({ ...endpoint, status, body }).toMatchObject({ status: 501, body: { error_code: 'NOT_IMPLEMENTED' } });
      expect(body.message).toMatch(/(does not offer .+: \w|not supported .+: \w)/);
    }
  });
});
