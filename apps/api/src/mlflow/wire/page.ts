import { InvalidArgument, type Page, type PageArgs } from '@app/platform';

/** The paging of MLflow's searches, in the terms of ours. */
export const pageArgs = (maxResults: number, pageToken: string | undefined): PageArgs => ({
  first: maxResults,
  after: pageToken || undefined,
});

export const nodesOf = <T>(page: Page<T>): T[] => page.edges.map(({ node }) => node);

/** Undefined at the end. */
export const nextPageToken = (page: Page<unknown>): string | undefined =>
  page.hasNextPage ? page.edges.at(-1)?.cursor : undefined;

/**
 * Runs a search that takes a page token.
 * @throws InvalidArgument about the token in MLflow's terms, when it is broken or was made by another search
 */
export async function search<T>(pageToken: string | undefined, run: () => Promise<Page<T>>): Promise<Page<T>> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof InvalidArgument && error.path?.[0] === 'after') {
      throw new InvalidArgument(
        `Invalid page token "${pageToken}": send the next_page_token of an answer, with the request that was answered`,
        ['page_token'],
      );
    }
    throw error;
  }
}
