import { Access, type Securable } from '@app/access';
import { History, type Holder } from '@app/history';
import { PromotionRequestReader, showingRequests } from '@app/promotion';
import { ModelVersions, TransitionReader } from '@app/registry';
import { Args, Context, Int, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Requires } from '../../http/requires.js';
import { SchemaType } from '../namespace/namespace.types.js';
import { toPromotionRequest } from '../promotion/convert.js';
import { PromotionRequestConnection } from '../promotion/promotion.types.js';
import { ConnectionArgs, toConnection } from '../schema/connection.js';
import { orNull } from '../schema/or-null.js';
import { toSecurable } from '../schema/securable.js';
import type { GraphqlContext, Loaders } from '../server/loaders.factory.js';
import { toModelAlias, toModelVersion, toTransition } from './convert.js';
import { ModelVersionsArgs, VersionByAliasArgs, VersionByStageArgs } from './registry.inputs.js';
import {
  ModelAliasType,
  ModelVersionConnection,
  ModelVersionType,
  RegisteredModelType,
  StageTransitionConnection,
} from './registry.types.js';

const asOfHolder =
  'As of a time: who held it then; null too when that version was deleted since, holders tells its number';

const versionOf = async (holder: Holder | undefined, { modelVersion }: Loaders) =>
  holder?.versionId ? orNull(await modelVersion.load(holder.versionId), toModelVersion) : null;

const newestFirst = { field: 'NUMBER', direction: 'DESC' } as const;

/** What a model has beside its name: all of it needs EXECUTE, and is null or empty for a viewer who may only BROWSE. */
@Resolver(() => RegisteredModelType)
export class RegisteredModelFields {
  constructor(
    private readonly access: Access,
    private readonly history: History,
    private readonly requests: PromotionRequestReader,
    private readonly transitionReader: TransitionReader,
    private readonly versionService: ModelVersions,
  ) {}

  @Requires('DISCOVER')
  @ResolveField(() => SchemaType, { nullable: true })
  async schema(@Parent() { source }: RegisteredModelType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.securable.load(source.schemaId as string), (schema: Securable) =>
      toSecurable<SchemaType>(schema),
    );
  }

  @Requires('EXECUTE')
  @ResolveField(() => ModelVersionType, {
    nullable: true,
    description: 'null when there is none, or you may not read it',
  })
  async version(@Parent() { source }: RegisteredModelType, @Args('number', { type: () => Int }) number: number) {
    return orNull(await this.versionService.get(source.fullName, number), toModelVersion);
  }

  @Requires('EXECUTE')
  @ResolveField(() => ModelVersionType, { nullable: true, description: `Null when there is none. ${asOfHolder}` })
  async versionByAlias(
    @Parent() { source }: RegisteredModelType,
    @Args() { alias, asOf }: VersionByAliasArgs,
    @Context() { loaders }: GraphqlContext,
  ) {
    if (asOf) return versionOf(await this.history.aliasHolder(source.fullName, alias, asOf), loaders);
    return orNull(await this.versionService.byAlias(source.fullName, alias), toModelVersion);
  }

  @Requires('EXECUTE')
  @ResolveField(() => ModelVersionType, { nullable: true, description: `The newest in that stage. ${asOfHolder}` })
  async versionByStage(
    @Parent() { source }: RegisteredModelType,
    @Args() { stage, asOf }: VersionByStageArgs,
    @Context() { loaders }: GraphqlContext,
  ) {
    if (asOf) return versionOf(await this.history.stageHolder(source.fullName, stage, asOf), loaders);
    const found = await this.versionService.latestByStage(source.fullName, [stage]);
    return orNull(found?.[0], toModelVersion);
  }

  @Requires('EXECUTE')
  @ResolveField(() => ModelVersionConnection, { nullable: true })
  async versions(@Parent() { source }: RegisteredModelType, @Args() { filter, orderBy, ...args }: ModelVersionsArgs) {
    const stage = filter?.stage ?? null;
    const asked = { stage, order: orderBy ?? newestFirst, args };
    const found = await this.versionService.list(source.fullName, asked);
    return found && toConnection(found, toModelVersion, () => this.versionService.count(source.fullName, stage));
  }

  @Requires('EXECUTE')
  @ResolveField(() => [ModelAliasType])
  async aliases(
    @Parent() { source }: RegisteredModelType,
    @Context() { loaders }: GraphqlContext,
  ): Promise<ModelAliasType[]> {
    if (!(await this.access.allowed('EXECUTE', source))) return [];
    return (await loaders.aliasesOfModel.load(source.id)).map(toModelAlias);
  }

  @Requires('EXECUTE', 'READ_AUDIT')
  @ResolveField(() => StageTransitionConnection, {
    nullable: true,
    description: 'Who held what, when; the newest first',
  })
  async transitions(@Parent() { source }: RegisteredModelType, @Args() page: ConnectionArgs) {
    const found = await this.transitionReader.page(source.fullName, page);
    return found && toConnection(found, toTransition, () => this.transitionReader.count(source.fullName));
  }

  @Requires(...showingRequests)
  @ResolveField(() => PromotionRequestConnection, { description: 'The newest first' })
  async promotionRequests(@Parent() { source }: RegisteredModelType, @Args() page: ConnectionArgs) {
    const asked = { modelFullName: source.fullName };
    return toConnection(await this.requests.list(asked, page), toPromotionRequest, () => this.requests.count(asked));
  }
}
