import { GovernedMoves } from '@app/promotion';
import { downloadUri, ModelVersions, Registrations, Tags, Targets, type VersionView } from '@app/registry';
import { Body, Delete, Get, Patch, Query } from '@nestjs/common';
import { z } from 'zod';
import { Requires } from '../../http/requires.js';
import { BodyOrQuery } from '../wire/body-or-query.js';
import { nextPageToken, nodesOf, search } from '../wire/page.js';
import { maxResults, omitUnset, optional, parseParams, repeated, required } from '../wire/parse.js';
import { PostOk } from '../wire/post.js';
import { MlflowController } from '../wire/words.js';
import { toMlflowModelVersion } from './convert.js';
import { ofModel, ofVersion, tag, tags } from './fields.js';
import { ModelNames } from './model-names.js';
import { isPrompt } from './prompts.js';
import { nameForm, versionSearchOf } from './search.js';
import { VersionSources } from './version-source.js';

const createParams = ofModel.extend({
  source: required,
  run_id: optional(z.string()),
  run_link: optional(z.string()),
  model_id: optional(z.string()),
  description: optional(z.string()),
  tags,
});
const updateParams = ofVersion.extend({ description: optional(z.string()) });
const stageParams = ofVersion.extend({ stage: required, archive_existing_versions: optional(z.boolean()) });
const tagParams = ofVersion.extend(tag.shape);
const tagKeyParams = ofVersion.extend({ key: required });
const searchParams = z.object({
  filter: optional(z.string()),
  max_results: maxResults(200_000, 10_000),
  order_by: repeated(z.string()),
  page_token: optional(z.string()),
});

@MlflowController('api/2.0/mlflow/model-versions')
export class ModelVersionsController {
  constructor(
    private readonly governed: GovernedMoves,
    private readonly names: ModelNames,
    private readonly registrations: Registrations,
    private readonly sources: VersionSources,
    private readonly tags: Tags,
    private readonly targets: Targets,
    private readonly versions: ModelVersions,
  ) {}

  @Requires('CREATE_MODEL_VERSION')
  @PostOk('create')
  async create(@Body() body: unknown) {
    const { name, source, run_id, run_link, model_id, description, tags: given } = parseParams(createParams, body);
    const resolved = await this.sources.resolve({
      source,
      runId: run_id,
      loggedModelId: model_id,
      isPrompt: isPrompt(given),
    });
    const notes = { model: this.names.full(name), description, runLink: run_link, tags: given };
    const version =
      'original' in resolved
        ? await this.registrations.copy(
            { model: resolved.original.modelFullName, number: resolved.original.number },
            notes,
          )
        : await this.registrations.register({ ...notes, source, ...resolved.lineage });
    return this.answer(version, name);
  }

  @Requires('EXECUTE')
  @Get('get')
  async get(@Query() query: unknown) {
    const { name, version } = parseParams(ofVersion, query);
    return this.answer(await this.versions.get(this.names.full(name), version), name);
  }

  @Requires('MANAGE')
  @Patch('update')
  async update(@Body() body: unknown) {
    const { name, version, description } = parseParams(updateParams, body);
    const updated = await this.versions.updateDescription(this.names.full(name), version, description ?? null);
    return this.answerChanged(updated, name);
  }

  @Requires('MANAGE')
  @Delete('delete')
  async delete(@BodyOrQuery() params: unknown) {
    const { name, version } = parseParams(ofVersion, params);
    await this.versions.delete(this.names.full(name), version);
    return {};
  }

  @Requires('SET_ALIAS')
  @PostOk('transition-stage')
  async transitionStage(@Body() body: unknown) {
    const { name, version, stage, archive_existing_versions = false } = parseParams(stageParams, body);
    const fullName = this.names.full(name);
    const justification = `asked for by an MLflow client, which moved version ${version} of ${fullName} to ${stage}`;
    const move = { model: fullName, version, target: { kind: 'STAGE', name: stage } as const, justification };
    const moved = await this.governed.attempt(move, () =>
      this.targets.transitionStage(fullName, version, stage, archive_existing_versions),
    );
    return this.answerChanged(moved, name);
  }

  @Requires('EXECUTE')
  @Get('get-download-uri')
  async downloadUri(@Query() query: unknown) {
    const { name, version } = parseParams(ofVersion, query);
    return { artifact_uri: downloadUri(await this.versions.get(this.names.full(name), version)) };
  }

  @Requires('EXECUTE')
  @Get('search')
  async search(@Query() query: unknown) {
    const params = parseParams(searchParams, query);
    const wanted = versionSearchOf(params);
    const page = await search(params.page_token, () => this.versions.search(wanted));
    const form = nameForm(wanted);
    return omitUnset({
      model_versions: nodesOf(page).map((version) =>
        toMlflowModelVersion(version, this.names.asAsked(form, version.modelFullName)),
      ),
      next_page_token: nextPageToken(page),
    });
  }

  @Requires('APPLY_TAG')
  @PostOk('set-tag')
  async setTag(@Body() body: unknown) {
    const { name, version, key, value } = parseParams(tagParams, body);
    await this.tags.setOnVersion(this.names.full(name), version, { key, value });
    return {};
  }

  @Requires('APPLY_TAG')
  @Delete('delete-tag')
  async deleteTag(@BodyOrQuery() params: unknown) {
    const { name, version, key } = parseParams(tagKeyParams, params);
    await this.tags.deleteFromVersion(this.names.full(name), version, key);
    return {};
  }

  /** Who moves or describes a version need not be able to read it: then the answer says which it is, and where it stands. */
  private async answerChanged(version: VersionView, asked: string) {
    if (await this.versions.isReadable(version.modelFullName)) return this.answer(version, asked);
    const name = this.names.asAsked(asked, version.modelFullName);
    return { model_version: { name, version: String(version.number), current_stage: version.stage } };
  }

  private answer(version: VersionView, asked: string) {
    return { model_version: toMlflowModelVersion(version, this.names.asAsked(asked, version.modelFullName)) };
  }
}
