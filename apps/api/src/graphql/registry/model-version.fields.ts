import type { Securable } from '@app/access';
import { Policies } from '@app/policy';
import { showingRequests } from '@app/promotion';
import { Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Inherits, Open, Requires } from '../../http/requires.js';
import { PrincipalType, principalsAreKnown, toPrincipal } from '../access/principal.type.js';
import { toPromotionRequest } from '../promotion/convert.js';
import { PromotionRequestType } from '../promotion/promotion.types.js';
import { orNull } from '../schema/or-null.js';
import { JsonScalar } from '../schema/scalars.js';
import { Tag, toSecurable } from '../schema/securable.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import { toMetricValue, toModelVersion } from './convert.js';
import {
  MetricValueType,
  ModelAliasType,
  ModelVersionFileType,
  ModelVersionType,
  RegisteredModelType,
  StageTransitionType,
} from './registry.types.js';

/** What hangs on a version that the viewer may read. */
@Resolver(() => ModelVersionType)
export class ModelVersionFields {
  @Requires('DISCOVER')
  @ResolveField(() => RegisteredModelType, { nullable: true })
  async model(@Parent() { source }: ModelVersionType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.securable.load(source.modelId), (model: Securable) =>
      toSecurable<RegisteredModelType>(model),
    );
  }

  @Inherits('EXECUTE')
  @ResolveField(() => [String])
  async aliases(@Parent() { source }: ModelVersionType, @Context() { loaders }: GraphqlContext): Promise<string[]> {
    return (await loaders.aliasesOfVersion.load(source.id)).map(({ alias }) => alias);
  }

  @Inherits('EXECUTE')
  @ResolveField(() => [Tag])
  tags(@Parent() { source }: ModelVersionType, @Context() { loaders }: GraphqlContext): Promise<Tag[]> {
    return loaders.tagsOfVersion.load(source.id);
  }

  @Inherits('EXECUTE')
  @ResolveField(() => JsonScalar, {
    nullable: true,
    description: 'The signature of the MLmodel file: inputs, outputs, params',
  })
  async signature(@Parent() { source }: ModelVersionType, @Context() { loaders }: GraphqlContext): Promise<unknown> {
    return (await loaders.contentOfVersion.load(source.id))?.signature ?? null;
  }

  @Inherits('EXECUTE')
  @ResolveField(() => [ModelVersionFileType], { description: 'The manifest, sorted by path' })
  files(
    @Parent() { source }: ModelVersionType,
    @Context() { loaders }: GraphqlContext,
  ): Promise<ModelVersionFileType[]> {
    return loaders.filesOfVersion.load(source.id);
  }

  @Inherits('EXECUTE')
  @ResolveField(() => [MetricValueType], { description: 'The latest value of each metric of its run' })
  async metrics(
    @Parent() { source }: ModelVersionType,
    @Context() { loaders }: GraphqlContext,
  ): Promise<MetricValueType[]> {
    if (source.runId === null) return [];
    return (await loaders.metricsOfRun.load(source.runId)).map(toMetricValue);
  }

  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true })
  async createdBy(@Parent() { source }: ModelVersionType, @Context() { loaders }: GraphqlContext) {
    return source.createdBy ? orNull(await loaders.principal.load(source.createdBy), toPrincipal) : null;
  }
}

@Resolver(() => ModelAliasType)
export class ModelAliasFields {
  constructor(private readonly policies: Policies) {}

  @Requires('EXECUTE')
  @ResolveField(() => ModelVersionType, { nullable: true })
  async version(@Parent() { source }: ModelAliasType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.modelVersion.load(source.versionId), toModelVersion);
  }

  @Requires('DISCOVER')
  @ResolveField(() => Boolean, {
    name: 'protected',
    description: 'A policy guards it: it moves by promotion requests only',
  })
  async isProtected(@Parent() { source }: ModelAliasType, @Context() { loaders }: GraphqlContext): Promise<boolean> {
    const model = await loaders.securable.load(source.modelId);
    return model !== null && (await this.policies.protecting(model, { kind: 'ALIAS', name: source.alias })).length > 0;
  }

  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true })
  async setBy(@Parent() { source }: ModelAliasType, @Context() { loaders }: GraphqlContext) {
    return source.setBy ? orNull(await loaders.principal.load(source.setBy), toPrincipal) : null;
  }
}

@Resolver(() => StageTransitionType)
export class StageTransitionFields {
  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, {
    nullable: true,
    description:
      'Who moved it; for a promotion, who gave the last approval, or imprimatur-gates after a wait and for large files',
  })
  async actor(@Parent() { source }: StageTransitionType, @Context() { loaders }: GraphqlContext) {
    return source.actorId ? orNull(await loaders.principal.load(source.actorId), toPrincipal) : null;
  }

  @Requires(...showingRequests)
  @ResolveField(() => PromotionRequestType, { nullable: true, description: 'null for a direct move' })
  async promotionRequest(@Parent() { source }: StageTransitionType, @Context() { loaders }: GraphqlContext) {
    return source.promotionRequestId
      ? orNull(await loaders.promotionRequest.load(source.promotionRequestId), toPromotionRequest)
      : null;
  }
}
