import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { GraphQLSchemaBuilderModule, GraphQLSchemaFactory } from '@nestjs/graphql';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { resolvers } from './resolvers.js';
import { DateTimeScalar, JsonScalar } from './schema/scalars.js';
import { userErrorTypes } from './schema/user-error.js';

/** The SDL that is committed as schema.graphql, built from the decorators alone: no database is needed. */
export async function printSchemaSdl(): Promise<string> {
  const app = await NestFactory.createApplicationContext(GraphQLSchemaBuilderModule, { logger: false });
  const factory = app.get(GraphQLSchemaFactory);
  const schema = await factory.create(resolvers, [DateTimeScalar], {
    orphanedTypes: userErrorTypes,
    scalarsMap: [{ type: Object, scalar: JsonScalar }],
  });
  await app.close();
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}
