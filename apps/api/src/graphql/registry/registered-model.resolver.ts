import type { Securable } from '@app/access';
import { Principals } from '@app/identity';
import { type RegisteredModelFilter, RegisteredModels } from '@app/registry';
import type { OnModuleInit } from '@nestjs/common';
import { Args, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Requires } from '../../http/requires.js';
import { DeletePayload } from '../namespace/namespace.inputs.js';
import { SchemaType } from '../namespace/namespace.types.js';
import { type Connection, toConnection } from '../schema/connection.js';
import { orNull } from '../schema/or-null.js';
import { toSecurable } from '../schema/securable.js';
import { NodeRegistry } from '../server/node-registry.js';
import { VisibleObjects } from '../server/visible-objects.js';
import {
  ModelCreateInput,
  ModelDeleteInput,
  type ModelFilterInput,
  ModelPayload,
  ModelRenameInput,
  ModelsArgs,
} from './registry.inputs.js';
import { ModelConnection, RegisteredModelType } from './registry.types.js';

const toModel = (source: Securable): RegisteredModelType => toSecurable(source);
const byFullName = { field: 'FULL_NAME', direction: 'ASC' } as const;

@Resolver(() => RegisteredModelType)
export class RegisteredModelResolver implements OnModuleInit {
  constructor(
    private readonly modelService: RegisteredModels,
    private readonly principals: Principals,
    private readonly registry: NodeRegistry,
    private readonly visible: VisibleObjects,
  ) {}

  onModuleInit(): void {
    this.registry.register('RegisteredModel', { questions: ['DISCOVER'] }, async (id) =>
      orNull(await this.visible.securable('REGISTERED_MODEL', id), toModel),
    );
  }

  @Requires('DISCOVER')
  @Query(() => RegisteredModelType, { nullable: true })
  async model(@Args('fullName') fullName: string): Promise<RegisteredModelType> {
    return toModel(await this.modelService.get(fullName));
  }

  @Requires('DISCOVER')
  @Query(() => ModelConnection)
  async models(@Args() { filter, orderBy, ...page }: ModelsArgs): Promise<Connection<RegisteredModelType>> {
    const asked = await this.filterOf(filter ?? {});
    const found = await this.modelService.list(asked, orderBy ?? byFullName, page);
    return toConnection(found, toModel, () => this.modelService.count(asked));
  }

  @Requires('CREATE_MODEL')
  @Mutation(() => ModelPayload, { description: 'You own it. Needs CREATE_MODEL on the schema' })
  async modelCreate(@Args('input') { fullName, description, tags }: ModelCreateInput): Promise<ModelPayload> {
    return { model: toModel(await this.modelService.create({ fullName, description, tags })) };
  }

  @Requires('MANAGE', 'CREATE_MODEL')
  @Mutation(() => ModelPayload, { description: 'Needs MANAGE, and CREATE_MODEL on the schema of the new name' })
  async modelRename(@Args('input') { fullName, newFullName }: ModelRenameInput): Promise<ModelPayload> {
    return { model: toModel(await this.modelService.rename(fullName, newFullName)) };
  }

  @Requires('MANAGE')
  @Mutation(() => DeletePayload, {
    description: 'With all versions; refused while one holds a protected target. Needs MANAGE',
  })
  async modelDelete(@Args('input') { fullName }: ModelDeleteInput): Promise<DeletePayload> {
    await this.modelService.delete(fullName);
    return { deletedFullName: fullName };
  }

  private async filterOf({ owner, ...filter }: ModelFilterInput): Promise<RegisteredModelFilter> {
    return { ...filter, ownerId: owner == null ? null : (await this.principals.byName(owner)).id };
  }
}

/** The models of a schema. */
@Resolver(() => SchemaType)
export class SchemaModelFields {
  constructor(private readonly modelService: RegisteredModels) {}

  @Requires('DISCOVER')
  @ResolveField(() => ModelConnection)
  async models(@Parent() { source }: SchemaType, @Args() { filter, orderBy, ...page }: ModelsArgs) {
    const asked = { ...filter, schema: source.fullName };
    const found = await this.modelService.list(asked, orderBy ?? byFullName, page);
    return toConnection(found, toModel, () => this.modelService.count(asked));
  }
}
