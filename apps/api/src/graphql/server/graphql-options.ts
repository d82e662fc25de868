import { RefusalLog } from '@app/audit';
import { LOGGER } from '@app/platform';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Inject, Injectable } from '@nestjs/common';
import { type GqlOptionsFactory } from '@nestjs/graphql';
import type { FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { JsonScalar } from '../schema/scalars.js';
import { userErrorTypes } from '../schema/user-error.js';
import { Fields, type Resolvers } from './field.js';
import { formatError } from './format-error.js';
import { httpStatusPlugin } from './http-status.js';
import { armor, costPlugin, limits } from './limits.js';
import { type GraphqlContext, LoadersFactory } from './loaders.factory.js';
import { noStorePlugins } from './no-store.js';

type ApolloPlugin = NonNullable<ApolloDriverConfig['plugins']>[number];

/** How Apollo Server is set up. */
@Injectable()
export class GraphqlOptions implements GqlOptionsFactory<ApolloDriverConfig> {
  constructor(
    private readonly loaders: LoadersFactory,
    private readonly refusals: RefusalLog,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  createGqlOptions(): ApolloDriverConfig {
    const { plugins, validationRules } = armor();
    const fields = new Fields(this.refusals);
    return {
      driver: ApolloDriver,
      path: '/graphql',
      autoSchemaFile: true,
      sortSchema: true,
      buildSchemaOptions: { orphanedTypes: userErrorTypes, scalarsMap: [{ type: Object, scalar: JsonScalar }] },
      transformResolvers: (resolvers) => fields.wrap(resolvers as Resolvers) as typeof resolvers,
      graphiql: false,
      // Every caller is authenticated before this point, and may see the schema.
      introspection: true,
      // A GET runs no mutation, and a POST must be JSON, which a form cannot send: an Authorization header is enough.
      csrfPrevention: { requestHeaders: ['authorization', 'apollo-require-preflight'] },
      cache: 'bounded',
      allowBatchedHttpRequests: false,
      includeStacktraceInErrorResponses: false,
      parseOptions: { maxTokens: limits.tokens },
      validationRules,
      // Armor's types name Apollo's CommonJS build, ours the ES modules; it is one package at run time.
      plugins: [...(plugins as unknown as ApolloPlugin[]), ...noStorePlugins, costPlugin, httpStatusPlugin],
      formatError: formatError(this.logger),
      context: (request: FastifyRequest): GraphqlContext => ({ request, loaders: this.loaders.create() }),
    };
  }
}
