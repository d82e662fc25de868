import { ModelVersions, Registrations, Tags, Targets } from '@app/registry';
import type { OnModuleInit } from '@nestjs/common';
import { Args, Context, Int, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Requires } from '../../http/requires.js';
import { VersionSources } from '../../mlflow/registry/version-source.js';
import { DeletePayload } from '../namespace/namespace.inputs.js';
import { orNull } from '../schema/or-null.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import { NodeRegistry } from '../server/node-registry.js';
import { VisibleObjects } from '../server/visible-objects.js';
import { toModelAlias, toModelVersion } from './convert.js';
import {
  ModelAliasDeleteInput,
  ModelAliasDeletePayload,
  ModelAliasPayload,
  ModelAliasSetInput,
  ModelVersionPayload,
  ModelVersionRefInput,
  ModelVersionRegisterInput,
  ModelVersionStageInput,
  ModelVersionTagDeleteInput,
  ModelVersionTagSetInput,
  ModelVersionUpdateInput,
} from './registry.inputs.js';
import { ModelVersionType } from './registry.types.js';

@Resolver(() => ModelVersionType)
export class ModelVersionResolver implements OnModuleInit {
  constructor(
    private readonly registrations: Registrations,
    private readonly registry: NodeRegistry,
    private readonly sources: VersionSources,
    private readonly tagService: Tags,
    private readonly targets: Targets,
    private readonly versions: ModelVersions,
    private readonly visible: VisibleObjects,
  ) {}

  onModuleInit(): void {
    this.registry.register('ModelVersion', { questions: ['EXECUTE'] }, async (id) =>
      orNull((await this.visible.modelVersions([id]))[0], toModelVersion),
    );
  }

  @Requires('EXECUTE')
  @Query(() => ModelVersionType, { nullable: true })
  async modelVersion(
    @Args('fullName') fullName: string,
    @Args('number', { type: () => Int }) number: number,
  ): Promise<ModelVersionType> {
    return toModelVersion(await this.versions.get(fullName, number));
  }

  @Requires('CREATE_MODEL_VERSION')
  @Mutation(() => ModelVersionPayload, {
    description:
      'Seals the files of the source and records their digest. Needs CREATE_MODEL_VERSION on the model, and READ on what the source names',
  })
  async modelVersionRegister(@Args('input') input: ModelVersionRegisterInput): Promise<ModelVersionPayload> {
    const { model, source, description, tags } = input;
    const resolved = await this.sources.resolve({ source, runId: input.runId ?? undefined });
    const notes = { model, description, tags };
    const version =
      'original' in resolved
        ? await this.registrations.copy(
            { model: resolved.original.modelFullName, number: resolved.original.number },
            notes,
          )
        : await this.registrations.register({ ...notes, source, ...resolved.lineage });
    return this.payloadOf(version);
  }

  @Requires('MANAGE')
  @Mutation(() => ModelVersionPayload, { description: 'Needs MANAGE on the model' })
  async modelVersionUpdate(
    @Args('input') { model, number, description }: ModelVersionUpdateInput,
  ): Promise<ModelVersionPayload> {
    return this.payloadOf(await this.versions.updateDescription(model, number, description ?? null));
  }

  @Requires('MANAGE')
  @Mutation(() => DeletePayload, {
    description:
      'With its aliases; its number is never given again. Refused while it holds a protected target. Needs MANAGE on the model',
  })
  async modelVersionDelete(@Args('input') { model, number }: ModelVersionRefInput): Promise<DeletePayload> {
    await this.versions.delete(model, number);
    return { deletedFullName: `${model}/${number}` };
  }

  @Requires('APPLY_TAG')
  @Mutation(() => ModelVersionPayload, { description: 'Needs APPLY_TAG on the model' })
  async modelVersionTagSet(
    @Args('input') { model, number, key, value }: ModelVersionTagSetInput,
  ): Promise<ModelVersionPayload> {
    return this.payloadOf(await this.tagService.setOnVersion(model, number, { key, value }));
  }

  @Requires('APPLY_TAG')
  @Mutation(() => ModelVersionPayload, { description: 'Needs APPLY_TAG on the model' })
  async modelVersionTagDelete(
    @Args('input') { model, number, key }: ModelVersionTagDeleteInput,
  ): Promise<ModelVersionPayload> {
    return this.payloadOf(await this.tagService.deleteFromVersion(model, number, key));
  }

  @Requires('SET_ALIAS')
  @Mutation(() => ModelVersionPayload, {
    description: 'A protected stage needs a promotion request instead. Needs SET_ALIAS on the model',
  })
  async modelVersionStageTransition(
    @Args('input') { model, number, stage, archiveExisting }: ModelVersionStageInput,
  ): Promise<ModelVersionPayload> {
    return this.payloadOf(await this.targets.transitionStage(model, number, stage, archiveExisting));
  }

  @Requires('SET_ALIAS')
  @Mutation(() => ModelAliasPayload, {
    description: 'A protected alias needs a promotion request instead. Needs SET_ALIAS on the model',
  })
  async modelAliasSet(
    @Args('input') { model, alias, number }: ModelAliasSetInput,
    @Context() { loaders }: GraphqlContext,
  ): Promise<ModelAliasPayload> {
    const { modelId } = await this.targets.setAlias(model, alias, number);
    const source = (await loaders.aliasesOfModel.load(modelId)).find(
      (known) => known.alias.toLowerCase() === alias.toLowerCase(),
    );
    return { alias: orNull(source, toModelAlias) };
  }

  @Requires('SET_ALIAS')
  @Mutation(() => ModelAliasDeletePayload, {
    description: 'A protected alias stays where it is. Needs SET_ALIAS on the model',
  })
  async modelAliasDelete(@Args('input') { model, alias }: ModelAliasDeleteInput): Promise<ModelAliasDeletePayload> {
    return { deletedAlias: (await this.targets.deleteAlias(model, alias)) ? alias : null };
  }

  /** Who changes a version need not be able to read it: without EXECUTE he is told its number and nothing else. */
  private async payloadOf({ id, number }: { id: string; number: number }): Promise<ModelVersionPayload> {
    return { number, modelVersion: orNull(await this.visible.versionAfter(id), toModelVersion) };
  }
}
