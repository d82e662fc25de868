import { createHash } from 'node:crypto';
import { describeTarget, type Target } from '@app/policy';
import { escaped } from '../http/html.js';

/** What a promotion request is to be opened for, as the address of the page has it. */
export interface AskedRequest {
  model: string;
  version: number | undefined;
  target: Target;
}

const style =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}' +
  'pre{background:#f3f3f3;padding:1rem;overflow-x:auto}' +
  '@media(prefers-color-scheme:dark){body{background:#181818;color:#eee}pre{background:#2a2a2a}a{color:#8cf}}';

/** The page loads nothing and runs nothing; its one style sheet is known by its digest. */
export const pagePolicy =
  `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; ` +
  "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** One argument for a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

interface Way {
  title: string;
  code: string;
}

function page(title: string, sentences: readonly string[], ways: readonly Way[]): string {
  const parts = [
    ...sentences.map((sentence) => `<p>${escaped(sentence)}</p>`),
    ...ways.flatMap(({ title, code }) => [`<h2>${escaped(title)}</h2>`, `<pre>${escaped(code)}</pre>`]),
  ];
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>${escaped(title)}</title><style>${style}</style></head>`,
    `<body><h1>${escaped(title)}</h1>`,
    ...parts,
    '</body></html>',
    '',
  ].join('\n');
}

const graphql = (publicUrl: string, query: string, variables: object): Way => ({
  title: 'GraphQL, with curl',
  code: [
    `curl -sS ${quoted(`${publicUrl}/graphql`)} \\`,
    '  -H "Authorization: Bearer $IMPRIMATUR_TOKEN" -H \'Content-Type: application/json\' \\',
    `  -d ${quoted(JSON.stringify({ query, variables }, null, 1))}`,
  ].join('\n'),
});

/** JSON is a literal of Python too. */
const python = (publicUrl: string, call: string): Way => ({
  title: 'Python, with the databricks-sdk',
  code: [
    'import os',
    'from databricks.sdk import WorkspaceClient',
    '',
    `workspace = WorkspaceClient(host=${JSON.stringify(publicUrl)}, token=os.environ["IMPRIMATUR_TOKEN"])`,
    call,
  ].join('\n'),
});

const create =
  'mutation($input: PromotionRequestCreateInput!) { promotionRequestCreate(input: $input) { promotionRequest { number state } errors { message } } }';

/** How a promotion request is opened: it says what its own address says, and nothing of what is registered. */
export function newRequestPage(publicUrl: string, { model, version, target }: AskedRequest): string {
  const which = version === undefined ? 'a version' : `version ${version}`;
  const number = version ?? '<number>';
  const input = { model, version: number, target, justification: '<why>' };
  const ways = [graphql(publicUrl, create, { input })];
  if (target.kind === 'STAGE') {
    const given = `${JSON.stringify(model)}, ${JSON.stringify(String(number))}, ${JSON.stringify(target.name)}`;
    const call = `workspace.model_registry.create_transition_request(${given}, comment="<why>")`;
    ways.push(python(publicUrl, call));
  }
  return page(
    'Open a promotion request',
    [
      `The request asks that ${which} of ${model} shall hold ${describeTarget(target)}. Its gates run at once; who the policy names decides; then the version is moved.`,
      'You need REQUEST_PROMOTION on the model, and a token of your own. Replace what stands in <…>.',
    ],
    ways,
  );
}

const look =
  'query($number: Int!) { promotionRequest(number: $number) { state stateReason modelFullName versionNumber target { kind name } justification evidenceDigest viewerDecision { allowed explanation } } }';

/** How a promotion request is looked at: the same for each number, whether there is one or not. */
export const requestPage = (publicUrl: string, number: number): string =>
  page(
    `Promotion request ${number}`,
    ['Whoever may see the requests of its model looks at it with a token of their own.'],
    [graphql(publicUrl, look, { number })],
  );
