import type { ApolloServerPlugin } from '@apollo/server';

/**
 * A request that fails before it runs is a 400, except for clients that ask for the legacy media type application/json
 * alone: those get 200, as GraphQL over HTTP says (section 6.4.1). No Accept header, or any other, gets the 400.
 */
export const httpStatusPlugin: ApolloServerPlugin = {
  async requestDidStart() {
    return {
      async willSendResponse({ request, response }) {
        const accept = request.http?.headers.get('accept') ?? '';
        const legacy = /application\/json/.test(accept) && !/graphql-response\+json/.test(accept);
        if (legacy && response.http.status === 400 && response.body.kind === 'single') response.http.status = 200;
      },
    };
  },
};
