import type { Securable } from '@app/access';
import { type ModelEndpoint, ModelEndpoints } from '@app/lineage';
import type { OnModuleInit } from '@nestjs/common';
import { Args, Context, Mutation, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Inherits, Open, Requires } from '../../http/requires.js';
import { PrincipalType, principalsAreKnown, toPrincipal } from '../access/principal.type.js';
import { toModelVersion } from '../registry/convert.js';
import { ModelVersionType, RegisteredModelType } from '../registry/registry.types.js';
import { toConnection } from '../schema/connection.js';
import { orNull } from '../schema/or-null.js';
import { toSecurable } from '../schema/securable.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import { NodeRegistry } from '../server/node-registry.js';
import {
  ModelEndpointConnection,
  ModelEndpointPayload,
  ModelEndpointReportInput,
  ModelEndpointRetireInput,
  ModelEndpointsArgs,
  ModelEndpointType,
  toModelEndpoint,
} from './endpoint.types.js';

@Resolver(() => ModelEndpointType)
export class ModelEndpointResolver implements OnModuleInit {
  constructor(
    private readonly service: ModelEndpoints,
    private readonly registry: NodeRegistry,
  ) {}

  onModuleInit(): void {
    this.registry.register('ModelEndpoint', { questions: ['EXECUTE'] }, async (id) =>
      orNull((await this.service.byIds([id]))[0], toModelEndpoint),
    );
  }

  @Requires('EXECUTE')
  @Mutation(() => ModelEndpointPayload, {
    description:
      'Says where a version is served: needs EXECUTE on the model, and MANAGE to move what somebody else has reported. A report that says nothing new changes nothing',
  })
  async modelEndpointReport(@Args('input') input: ModelEndpointReportInput): Promise<ModelEndpointPayload> {
    const { model, number, name, url = null, environment = null, reason = null } = input;
    return this.payloadOf(await this.service.report({ model, number, name, url, environment, reason }));
  }

  @Requires('EXECUTE', 'MANAGE')
  @Mutation(() => ModelEndpointPayload, {
    description:
      'Says that nothing is served there any more: needs EXECUTE on the model of whoever has reported it, MANAGE of everybody else. What is retired stays so',
  })
  async modelEndpointRetire(
    @Args('input') { model, name, reason = null }: ModelEndpointRetireInput,
  ): Promise<ModelEndpointPayload> {
    return this.payloadOf(await this.service.retire({ model, name, reason }));
  }

  @Requires('DISCOVER')
  @ResolveField(() => RegisteredModelType, { nullable: true })
  async model(@Parent() { source }: ModelEndpointType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.securable.load(source.modelId), (model: Securable) =>
      toSecurable<RegisteredModelType>(model),
    );
  }

  @Requires('EXECUTE')
  @ResolveField(() => ModelVersionType, { nullable: true, description: 'null when it is deleted' })
  async version(@Parent() { source }: ModelEndpointType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.modelVersion.load(source.versionId), toModelVersion);
  }

  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true, description: 'null when it is deleted' })
  async reportedBy(@Parent() { source }: ModelEndpointType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.principal.load(source.reportedBy), toPrincipal);
  }

  /** Who retires an endpoint need not be able to load the model. */
  private async payloadOf({ id }: ModelEndpoint): Promise<ModelEndpointPayload> {
    return { modelEndpoint: orNull((await this.service.byIds([id]))[0], toModelEndpoint) };
  }
}

@Resolver(() => RegisteredModelType)
export class RegisteredModelEndpointFields {
  constructor(private readonly service: ModelEndpoints) {}

  @Requires('EXECUTE')
  @ResolveField(() => ModelEndpointConnection, {
    nullable: true,
    description: 'Where its versions are served, deleted ones too, by name; null without EXECUTE',
  })
  async endpoints(@Parent() { source }: RegisteredModelType, @Args() { includeRetired, ...page }: ModelEndpointsArgs) {
    return toConnection(await this.service.ofModel(source, includeRetired, page), toModelEndpoint, () =>
      this.service.countOfModel(source, includeRetired),
    );
  }
}

@Resolver(() => ModelVersionType)
export class ModelVersionEndpointFields {
  constructor(private readonly service: ModelEndpoints) {}

  @Inherits('EXECUTE')
  @ResolveField(() => ModelEndpointConnection, { description: 'Where it is served, by name' })
  async endpoints(@Parent() { source }: ModelVersionType, @Args() { includeRetired, ...page }: ModelEndpointsArgs) {
    return toConnection(await this.service.ofVersion(source.id, includeRetired, page), toModelEndpoint, () =>
      this.service.countOfVersion(source.id, includeRetired),
    );
  }
}
