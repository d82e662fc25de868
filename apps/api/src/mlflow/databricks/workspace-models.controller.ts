import { Access } from '@app/access';
import { GovernedMoves } from '@app/promotion';
import { ModelVersions, RegisteredModels, Targets } from '@app/registry';
import { Body, Get, Query } from '@nestjs/common';
import { z } from 'zod';
import { Requires } from '../../http/requires.js';
import { toMlflowModelVersion, toMlflowRegisteredModel } from '../registry/convert.js';
import { ofModel, ofVersion } from '../registry/fields.js';
import { ModelNames } from '../registry/model-names.js';
import { modelSearchOf } from '../registry/search.js';
import { nextPageToken, nodesOf, search } from '../wire/page.js';
import { maxResults, omitUnset, optional, parseParams, required } from '../wire/parse.js';
import { PostOk } from '../wire/post.js';
import { MlflowController } from '../wire/words.js';

const listParams = z.object({ max_results: maxResults(1000, 100), page_token: optional(z.string()) });
const stageParams = ofVersion.extend({
  stage: required,
  archive_existing_versions: optional(z.boolean()),
  comment: optional(z.string()),
});

/** What the databricks-sdk asks about models and versions in other words, or on other paths, than MLflow's client. */
@MlflowController('api/2.0/mlflow')
export class WorkspaceModelsController {
  constructor(
    private readonly access: Access,
    private readonly governed: GovernedMoves,
    private readonly models: RegisteredModels,
    private readonly names: ModelNames,
    private readonly targets: Targets,
    private readonly versions: ModelVersions,
  ) {}

  @Requires('EXECUTE')
  @Get('databricks/registered-models/get')
  async get(@Query() query: unknown) {
    const { name } = parseParams(ofModel, query);
    const model = await this.models.view(this.names.full(name));
    const { aliases: _, ...described } = toMlflowRegisteredModel(model, this.names.asAsked(name, model.fullName));
    return {
      registered_model_databricks: { ...described, id: model.id, permission_level: await this.levelOn(model.fullName) },
    };
  }

  /** Of all models, as MLflow's search without a filter: prompts are left out. */
  @Requires('EXECUTE')
  @Get('registered-models/list')
  async list(@Query() query: unknown) {
    const params = { ...parseParams(listParams, query), order_by: [] };
    const page = await search(params.page_token, () => this.models.search(modelSearchOf(params)));
    return omitUnset({
      registered_models: nodesOf(page).map((model) => toMlflowRegisteredModel(model, model.fullName)),
      next_page_token: nextPageToken(page),
    });
  }

  @Requires('SET_ALIAS')
  @PostOk('databricks/model-versions/transition-stage')
  async transitionStage(@Body() body: unknown) {
    const { name, version, stage, archive_existing_versions = false, comment } = parseParams(stageParams, body);
    const model = this.names.full(name);
    const justification = comment?.trim() || `a stage transition of a Databricks client, which gave no comment`;
    const move = { model, version, target: { kind: 'STAGE', name: stage } as const, justification };
    const moved = await this.governed.attempt(move, () =>
      this.targets.transitionStage(model, version, stage, archive_existing_versions, comment),
    );
    const asked = this.names.asAsked(name, moved.modelFullName);
    const isReadable = await this.versions.isReadable(moved.modelFullName);
    const { aliases: _, ...readable } = toMlflowModelVersion(moved, asked);
    const shown = { name: asked, version: String(version), current_stage: moved.stage };
    return { model_version_databricks: isReadable ? readable : shown };
  }

  /** The nearest of the workspace registry's levels. What moves protected stages is no level here: it is a policy. */
  private async levelOn(fullName: string): Promise<string> {
    const model = await this.models.get(fullName);
    if (await this.access.allowed('MANAGE', model)) return 'CAN_MANAGE';
    return (await this.access.allowed('SET_ALIAS', model)) ? 'CAN_EDIT' : 'CAN_READ';
  }
}
