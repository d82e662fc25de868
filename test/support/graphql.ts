import type { TestApp } from './app.js';

export interface GraphqlAnswer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what the server sent, of any shape.
  data: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  errors?: any[];
  // biome-ignore lint/suspicious/noExplicitAny: as above
  extensions?: any;
}

/** One GraphQL operation over HTTP. */
export async function graphql(
  app: TestApp,
  token: string,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<GraphqlAnswer> {
  const { status, body } = await app.call('POST', '/graphql', { token, body: { query, variables } });
  return { status, ...body };
}
