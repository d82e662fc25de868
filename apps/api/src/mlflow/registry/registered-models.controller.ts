import { InvalidArgument } from '@app/platform';
import { parseStage } from '@app/policy';
import { GovernedMoves } from '@app/promotion';
import { ModelRecords, ModelVersions, type RegisteredModel, RegisteredModels, Tags, Targets } from '@app/registry';
import { Body, Delete, Get, Patch, Query } from '@nestjs/common';
import { z } from 'zod';
import { Requires } from '../../http/requires.js';
import { BodyOrQuery } from '../wire/body-or-query.js';
import { nextPageToken, nodesOf, search } from '../wire/page.js';
import { maxResults, omitUnset, optional, parseParams, repeated, required } from '../wire/parse.js';
import { PostOk } from '../wire/post.js';
import { MlflowController } from '../wire/words.js';
import { toMlflowModelVersion, toMlflowRegisteredModel } from './convert.js';
import { ofAlias, ofModel, tag, tags, version } from './fields.js';
import { ModelNames } from './model-names.js';
import { Prompts } from './prompts.js';
import { isPrompt, modelSearchOf, nameForm } from './search.js';

const createParams = ofModel.extend({ tags, description: optional(z.string()) });
const renameParams = ofModel.extend({ new_name: required });
const updateParams = ofModel.extend({ description: optional(z.string()) });
const tagParams = ofModel.extend(tag.shape);
const tagKeyParams = ofModel.extend({ key: required });
const aliasParams = ofAlias.extend({ version });
const latestParams = ofModel.extend({ stages: repeated(z.string()) });
const searchParams = z.object({
  filter: optional(z.string()),
  max_results: maxResults(1000, 100),
  order_by: repeated(z.string()),
  page_token: optional(z.string()),
});

@MlflowController('api/2.0/mlflow/registered-models')
export class RegisteredModelsController {
  constructor(
    private readonly governed: GovernedMoves,
    private readonly models: RegisteredModels,
    private readonly names: ModelNames,
    private readonly prompts: Prompts,
    private readonly records: ModelRecords,
    private readonly tags: Tags,
    private readonly targets: Targets,
    private readonly versions: ModelVersions,
  ) {}

  @Requires('CREATE_MODEL')
  @PostOk('create')
  async create(@Body() body: unknown) {
    const { name, tags: given, description } = parseParams(createParams, body);
    const fullName = this.names.full(name);
    const model = await this.prompts.tellingApart(name, fullName, isPrompt(given), () =>
      this.models.create({ fullName, description, tags: given }),
    );
    return { registered_model: toMlflowRegisteredModel(model, this.names.asAsked(name, model.fullName)) };
  }

  @Requires('EXECUTE')
  @Get('get')
  async get(@Query() query: unknown) {
    const { name } = parseParams(ofModel, query);
    const model = await this.models.view(this.names.full(name));
    return { registered_model: toMlflowRegisteredModel(model, this.names.asAsked(name, model.fullName)) };
  }

  @Requires('MANAGE', 'CREATE_MODEL')
  @PostOk('rename')
  async rename(@Body() body: unknown) {
    const { name, new_name } = parseParams(renameParams, body);
    const model = await this.models.rename(this.names.full(name), this.names.full(new_name, 'new_name'));
    return this.described(model, new_name);
  }

  @Requires('MANAGE')
  @Patch('update')
  async update(@Body() body: unknown) {
    const { name, description } = parseParams(updateParams, body);
    return this.described(await this.models.updateDescription(this.names.full(name), description ?? null), name);
  }

  @Requires('MANAGE')
  @Delete('delete')
  async delete(@BodyOrQuery() params: unknown) {
    await this.models.delete(this.names.full(parseParams(ofModel, params).name));
    return {};
  }

  @Requires('EXECUTE')
  @Get('search')
  async search(@Query() query: unknown) {
    const params = parseParams(searchParams, query);
    const wanted = modelSearchOf(params);
    const page = await search(params.page_token, () => this.models.search(wanted));
    const form = nameForm(wanted);
    return omitUnset({
      registered_models: nodesOf(page).map((model) =>
        toMlflowRegisteredModel(model, this.names.asAsked(form, model.fullName)),
      ),
      next_page_token: nextPageToken(page),
    });
  }

  @Requires('EXECUTE')
  @PostOk('get-latest-versions')
  latestVersions(@Body() body: unknown) {
    return this.latest(body);
  }

  @Requires('EXECUTE')
  @Get('get-latest-versions')
  latestVersionsByQuery(@Query() query: unknown) {
    return this.latest(query);
  }

  @Requires('APPLY_TAG')
  @PostOk('set-tag')
  async setTag(@Body() body: unknown) {
    const { name, key, value } = parseParams(tagParams, body);
    await this.tags.setOnModel(this.names.full(name), { key, value });
    return {};
  }

  @Requires('APPLY_TAG')
  @Delete('delete-tag')
  async deleteTag(@BodyOrQuery() params: unknown) {
    const { name, key } = parseParams(tagKeyParams, params);
    await this.tags.deleteFromModel(this.names.full(name), key);
    return {};
  }

  @Requires('SET_ALIAS')
  @PostOk('alias')
  async setAlias(@Body() body: unknown) {
    const { name, alias, version: number } = parseParams(aliasParams, body);
    const model = this.names.full(name);
    const justification = `asked for by an MLflow client, which set the alias ${alias} of ${model} to version ${number}`;
    const move = { model, version: number, target: { kind: 'ALIAS', name: alias } as const, justification };
    await this.governed.attempt(move, () => this.targets.setAlias(model, alias, number));
    return {};
  }

  @Requires('SET_ALIAS')
  @Delete('alias')
  async deleteAlias(@BodyOrQuery() params: unknown) {
    const { name, alias } = parseParams(ofAlias, params);
    await this.targets.deleteAlias(this.names.full(name), alias);
    return {};
  }

  /** "latest" is no alias that can be set: it stands for the version with the highest number. */
  @Requires('EXECUTE')
  @Get('alias')
  async byAlias(@Query() query: unknown) {
    const { name, alias } = parseParams(ofAlias, query);
    const fullName = this.names.full(name);
    const found =
      alias.toLowerCase() === 'latest'
        ? await this.versions.newest(fullName)
        : await this.versions.byAlias(fullName, alias);
    // 400, not 404: so does MLflow's server, and its clients tell a missing alias from a missing model by it.
    if (!found) throw new InvalidArgument(`Registered model alias ${alias} not found.`, ['alias']);
    return { model_version: toMlflowModelVersion(found, this.names.asAsked(name, found.modelFullName)) };
  }

  private async latest(params: unknown) {
    const { name, stages } = parseParams(latestParams, params);
    const wanted = stages.length > 0 ? stages.map((stage) => parseStage(stage, 'stages')) : undefined;
    const found = await this.versions.latestByStage(this.names.full(name), wanted);
    return omitUnset({
      model_versions: found.map((each) => toMlflowModelVersion(each, this.names.asAsked(name, each.modelFullName))),
    });
  }

  /** What a manager without EXECUTE may see of the model, too. */
  private async described(model: RegisteredModel, asked: string) {
    const view = { ...model, tags: await this.records.tagsOf([model.id]), aliases: [], latestVersions: [] };
    return { registered_model: toMlflowRegisteredModel(view, this.names.asAsked(asked, model.fullName)) };
  }
}
