import { GraphQLSchemaHost } from '@nestjs/graphql';
import type { FastifyRequest } from 'fastify';
import { type GraphQLObjectType, getNamedType, isObjectType } from 'graphql';
import { resolvers } from '../../apps/api/src/graphql/resolvers.js';
import { isPublic } from '../../apps/api/src/http/request-context.js';
import { declarationKey } from '../../apps/api/src/http/requires.js';
import { createTestApp, type TestApp } from '../support/app.js';

/** Nest's own keys: of a method that resolves a field, and of what a decorator put into the config of a route. */
const resolverKeys = ['graphql:resolver_type', 'graphql:resolve_property'];
const resolves = (method: object) => resolverKeys.some((key) => Reflect.hasMetadata(key, method));
const routeConfig = '__fastify_route_config__';

describe('every operation declares the privileges that it asks', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp();
  });
  afterAll(() => t.close());

  it('every route of the server, but the public paths and /graphql itself', async () => {
    const { operations } = t.app.getHttpAdapter().getInstance();
    expect(operations.length).toBeGreaterThan(60);
    const undeclared = operations
      .filter(({ url, declaration }) => declaration === undefined && !isPublic({ url } as FastifyRequest))
      .map(({ url }) => url);
    expect([...new Set(undeclared)]).toEqual(['/graphql']);
  });

  it('every method that resolves a field', () => {
    const declared: [string, unknown][] = resolvers.flatMap((resolver) =>
      Object.getOwnPropertyNames(resolver.prototype)
        .map((name): [string, object] => [name, resolver.prototype[name as never]])
        .filter(([name, method]) => name !== 'constructor' && resolves(method))
        .map(([name, method]): [string, unknown] => [
          `${resolver.name}.${name}`,
          Reflect.getMetadata(routeConfig, method)?.[declarationKey],
        ]),
    );
    expect(declared.length).toBeGreaterThan(120);
    expect(declared.filter(([, declaration]) => declaration === undefined).map(([name]) => name)).toEqual([]);
  });

  it('every field of Query and Mutation, and every other that loads an entity', () => {
    const { schema } = t.app.get(GraphQLSchemaHost);
    const roots = [schema.getQueryType(), schema.getMutationType()] as GraphQLObjectType[];
    const objects = Object.values(schema.getTypeMap()).filter(
      (type): type is GraphQLObjectType => isObjectType(type) && !type.name.startsWith('__'),
    );
    const isEntity = (type: { name: string }) =>
      ['Node', 'Securable'].includes(type.name) ||
      type.name.endsWith('Connection') ||
      objects.some((each) => each.name === type.name && each.getInterfaces().some(({ name }) => name === 'Node'));
    const loading = objects.flatMap((type) =>
      Object.values(type.getFields())
        .filter((field) => roots.includes(type) || isEntity(getNamedType(field.type)))
        .map((field) => ({
          name: `${type.name}.${field.name}`,
          declaration: field.extensions[declarationKey],
          // Read from what the field above has loaded, as of a payload or a page; Nest calls its function so.
          isProperty: field.resolve?.name === 'rootFieldResolver',
        })),
    );
    expect(loading.length).toBeGreaterThan(100);
    const undeclared = loading.filter(({ declaration, isProperty }) => !declaration && !isProperty);
    expect(undeclared.map(({ name }) => name)).toEqual([]);
  });
});
