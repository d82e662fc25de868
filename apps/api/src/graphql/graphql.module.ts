import { DossierModule } from '@app/dossier';
import { HistoryModule } from '@app/history';
import { IdentityModule } from '@app/identity';
import { LineageModule } from '@app/lineage';
import { NamespaceModule } from '@app/namespace';
import { NotificationModule } from '@app/notification';
import { PolicyModule } from '@app/policy';
import { PromotionModule } from '@app/promotion';
import { RegistryModule } from '@app/registry';
import { TrackingModule } from '@app/tracking';
import { TransparencyModule } from '@app/transparency';
import { WebhookModule } from '@app/webhook';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { AuthModule } from '../auth/auth.module.js';
import { MlflowModule } from '../mlflow/mlflow.module.js';
import { PolicyDrafts } from './promotion/policy-drafts.js';
import { resolvers } from './resolvers.js';
import { DateTimeScalar } from './schema/scalars.js';
import { GraphqlOptions } from './server/graphql-options.js';
import { LoadersModule } from './server/loaders.factory.js';
import { NodeRegistry } from './server/node-registry.js';
import { refuseOtherMethods } from './server/other-methods.js';
import { EventStreams } from './subscriptions/event-streams.js';
import { SubscriptionRunner } from './subscriptions/subscription-runner.js';
import { SubscriptionSlots } from './subscriptions/subscription-slots.js';
import { WebSockets } from './subscriptions/web-sockets.js';

/** The door for GraphQL clients: /graphql. */
@Module({
  imports: [
    AuthModule,
    HistoryModule,
    DossierModule,
    IdentityModule,
    LineageModule,
    LoadersModule,
    MlflowModule,
    NamespaceModule,
    NotificationModule,
    PolicyModule,
    PromotionModule,
    RegistryModule,
    TrackingModule,
    TransparencyModule,
    WebhookModule,
    GraphQLModule.forRootAsync<ApolloDriverConfig>({
      driver: ApolloDriver,
      imports: [LoadersModule],
      useClass: GraphqlOptions,
    }),
  ],
  providers: [
    ...resolvers,
    DateTimeScalar,
    EventStreams,
    NodeRegistry,
    PolicyDrafts,
    SubscriptionRunner,
    SubscriptionSlots,
    WebSockets,
  ],
})
export class GraphqlModule implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost<FastifyAdapter>) {}

  onModuleInit(): void {
    refuseOtherMethods(this.host.httpAdapter.getInstance());
  }
}
