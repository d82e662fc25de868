import type { Securable } from '@app/access';
import { Catalogs, Metastore, Schemas } from '@app/namespace';
import type { OnModuleInit } from '@nestjs/common';
import { Args, Context, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Open, Requires } from '../../http/requires.js';
import { type Connection, toConnection } from '../schema/connection.js';
import { orNull } from '../schema/or-null.js';
import { toSecurable } from '../schema/securable.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import { NodeRegistry } from '../server/node-registry.js';
import { VisibleObjects } from '../server/visible-objects.js';
import {
  CatalogCreateInput,
  CatalogDeleteInput,
  CatalogPayload,
  CatalogRenameInput,
  ContainersArgs,
  DeletePayload,
  SchemaCreateInput,
  SchemaDeleteInput,
  SchemaPayload,
  SchemaRenameInput,
} from './namespace.inputs.js';
import { CatalogConnection, CatalogType, MetastoreType, SchemaConnection, SchemaType } from './namespace.types.js';

const metastoreIsKnown = 'every caller may see the metastore';

@Resolver(() => CatalogType)
export class CatalogResolver implements OnModuleInit {
  constructor(
    private readonly catalogs: Catalogs,
    private readonly metastores: Metastore,
    private readonly schemas: Schemas,
    private readonly registry: NodeRegistry,
    private readonly visible: VisibleObjects,
  ) {}

  onModuleInit(): void {
    this.registry.register('Metastore', { open: metastoreIsKnown }, async (id) => {
      const metastore = await this.metastores.get();
      return metastore.id === id ? toSecurable(metastore) : null;
    });
    this.registry.register('Catalog', { questions: ['DISCOVER'] }, async (id) =>
      orNull(await this.visible.securable('CATALOG', id), toSecurable),
    );
  }

  @Open(metastoreIsKnown)
  @Query(() => MetastoreType)
  async metastore(): Promise<MetastoreType> {
    return toSecurable(await this.metastores.get());
  }

  @Requires('DISCOVER')
  @Query(() => CatalogType, { nullable: true })
  async catalog(@Args('name') name: string): Promise<CatalogType> {
    return toSecurable(await this.catalogs.get(name));
  }

  @Requires('DISCOVER')
  @Query(() => CatalogConnection, { name: 'catalogs' })
  async list(@Args() { filter, orderBy, ...page }: ContainersArgs): Promise<Connection<CatalogType>> {
    const found = await this.catalogs.list(filter ?? {}, page, orderBy ?? undefined);
    return toConnection(
      found,
      (source: Securable) => toSecurable<CatalogType>(source),
      () => this.catalogs.count(filter ?? {}),
    );
  }

  @Requires('CREATE_CATALOG')
  @Mutation(() => CatalogPayload, { description: 'You own it. Needs CREATE_CATALOG on the metastore' })
  async catalogCreate(@Args('input') { name, description }: CatalogCreateInput): Promise<CatalogPayload> {
    return { catalog: toSecurable(await this.catalogs.create({ name, description })) };
  }

  @Requires('MANAGE')
  @Mutation(() => CatalogPayload, {
    description:
      'Everything in it has another full name from then on. Needs MANAGE, and CREATE_CATALOG on the metastore',
  })
  async catalogRename(@Args('input') { name, newName }: CatalogRenameInput): Promise<CatalogPayload> {
    return { catalog: toSecurable(await this.catalogs.rename(name, newName)) };
  }

  @Requires('MANAGE')
  @Mutation(() => DeletePayload, { description: 'Refused while something is in it. Needs MANAGE' })
  async catalogDelete(@Args('input') { name }: CatalogDeleteInput): Promise<DeletePayload> {
    await this.catalogs.delete(name);
    return { deletedFullName: name };
  }

  @Requires('DISCOVER')
  @ResolveField('schemas', () => SchemaConnection)
  async schemasOf(@Parent() { source }: CatalogType, @Args() { filter, orderBy, ...page }: ContainersArgs) {
    const asked = { ...filter, catalog: source.fullName };
    const found = await this.schemas.list(asked, page, orderBy ?? undefined);
    return toConnection(
      found,
      (schema: Securable) => toSecurable<SchemaType>(schema),
      () => this.schemas.count(asked),
    );
  }
}

@Resolver(() => SchemaType)
export class SchemaResolver implements OnModuleInit {
  constructor(
    private readonly schemas: Schemas,
    private readonly registry: NodeRegistry,
    private readonly visible: VisibleObjects,
  ) {}

  onModuleInit(): void {
    this.registry.register('Schema', { questions: ['DISCOVER'] }, async (id) =>
      orNull(await this.visible.securable('SCHEMA', id), toSecurable),
    );
  }

  @Requires('DISCOVER')
  @Query(() => SchemaType, { nullable: true })
  async schema(@Args('fullName') fullName: string): Promise<SchemaType> {
    return toSecurable(await this.schemas.get(fullName));
  }

  @Requires('CREATE_SCHEMA')
  @Mutation(() => SchemaPayload, { description: 'You own it. Needs USE_CATALOG and CREATE_SCHEMA on the catalog' })
  async schemaCreate(@Args('input') { catalog, name, description }: SchemaCreateInput): Promise<SchemaPayload> {
    return { schema: toSecurable(await this.schemas.create({ catalog, name, description })) };
  }

  @Requires('MANAGE')
  @Mutation(() => SchemaPayload, {
    description: 'Everything in it has another full name from then on. Needs MANAGE, and CREATE_SCHEMA on the catalog',
  })
  async schemaRename(@Args('input') { fullName, newName }: SchemaRenameInput): Promise<SchemaPayload> {
    return { schema: toSecurable(await this.schemas.rename(fullName, newName)) };
  }

  @Requires('MANAGE')
  @Mutation(() => DeletePayload, { description: 'Refused while something is in it. Needs MANAGE' })
  async schemaDelete(@Args('input') { fullName }: SchemaDeleteInput): Promise<DeletePayload> {
    await this.schemas.delete(fullName);
    return { deletedFullName: fullName };
  }

  @Requires('DISCOVER')
  @ResolveField(() => CatalogType, { nullable: true })
  async catalog(@Parent() { source }: SchemaType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.securable.load(source.catalogId as string), toSecurable);
  }
}
