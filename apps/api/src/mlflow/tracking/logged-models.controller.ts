import { LoggedModels } from '@app/tracking';
import { Body, Delete, Get, Param, Patch } from '@nestjs/common';
import { z } from 'zod';
import { Requires } from '../../http/requires.js';
import { parseFilter, parseOrderBy } from '../wire/filter.js';
import { nextPageToken, nodesOf, pageArgs, search } from '../wire/page.js';
import { enumeration, omitUnset, optional, parseParams, required } from '../wire/parse.js';
import { PostOk } from '../wire/post.js';
import { MlflowController } from '../wire/words.js';
import { toMlflowLoggedModel } from './convert.js';
import { experimentId, keyValues } from './fields.js';
import { cursorOf, inTheirWords, searchParams, tokenOf } from './logged-model-search.js';

const status = enumeration({ LOGGED_MODEL_PENDING: 1, LOGGED_MODEL_READY: 2, LOGGED_MODEL_UPLOAD_FAILED: 3 });
const createParams = z.object({
  experiment_id: experimentId,
  name: optional(z.string()),
  model_type: optional(z.string()),
  source_run_id: optional(z.string()),
  params: keyValues,
  tags: keyValues,
});
const modelParams = z.object({ model_id: required });
const finalizeParams = modelParams.extend({ status });
const paramsParams = modelParams.extend({ params: keyValues });
const tagsParams = modelParams.extend({ tags: keyValues });
const tagParams = modelParams.extend({ tag_key: required });

@MlflowController('api/2.0/mlflow/logged-models')
export class LoggedModelsController {
  constructor(private readonly models: LoggedModels) {}

  @Requires('EDIT')
  @PostOk('')
  async create(@Body() body: unknown) {
    const { experiment_id, name, model_type, source_run_id, params, tags } = parseParams(createParams, body);
    const model = await this.models.create({
      experimentId: experiment_id,
      name,
      modelType: model_type,
      sourceRunId: source_run_id,
      params,
      tags,
    });
    return { model: toMlflowLoggedModel(model) };
  }

  @Requires('READ')
  @PostOk('search')
  async search(@Body() body: unknown) {
    const query = parseParams(searchParams, body);
    const { experiment_ids, filter, datasets, max_results, order_by, page_token } = query;
    const cursor = cursorOf(query);
    const run = async () =>
      this.models.search({
        experimentIds: experiment_ids,
        filter: parseFilter(filter, 'Invalid filter string'),
        datasets: datasets.map(({ dataset_name, dataset_digest }) => ({ name: dataset_name, digest: dataset_digest })),
        orderBy: order_by.flatMap(({ field_name, ascending = true, dataset_name, dataset_digest }) =>
          parseOrderBy([field_name]).map((ordering) => ({
            ...ordering,
            ascending,
            dataset: { name: dataset_name, digest: dataset_digest },
          })),
        ),
        page: pageArgs(max_results, cursor),
      });
    const page = await search(page_token, run).catch((error: unknown) => {
      throw inTheirWords(error);
    });
    const next = nextPageToken(page);
    return omitUnset({ models: nodesOf(page).map(toMlflowLoggedModel), next_page_token: next && tokenOf(query, next) });
  }

  @Requires('READ')
  @Get(':model_id')
  async get(@Param() path: unknown) {
    return { model: toMlflowLoggedModel(await this.models.get(parseParams(modelParams, path).model_id)) };
  }

  @Requires('EDIT')
  @Patch(':model_id')
  async finalize(@Param() path: object, @Body() body: object) {
    const { model_id, status: ended } = parseParams(finalizeParams, { ...body, ...path });
    return { model: toMlflowLoggedModel(await this.models.finalize(model_id, ended)) };
  }

  @Requires('EDIT')
  @Delete(':model_id')
  async delete(@Param() path: unknown) {
    await this.models.delete(parseParams(modelParams, path).model_id);
    return {};
  }

  @Requires('EDIT')
  @PostOk(':model_id/params')
  async addParams(@Param() path: object, @Body() body: object) {
    const { model_id, params = [] } = parseParams(paramsParams, { ...body, ...path });
    await this.models.addParams(model_id, params);
    return {};
  }

  @Requires('EDIT')
  @Patch(':model_id/tags')
  async setTags(@Param() path: object, @Body() body: object) {
    const { model_id, tags = [] } = parseParams(tagsParams, { ...body, ...path });
    await this.models.setTags(model_id, tags);
    return { model: toMlflowLoggedModel(await this.models.get(model_id)) };
  }

  @Requires('EDIT')
  @Delete(':model_id/tags/:tag_key')
  async deleteTag(@Param() path: unknown) {
    const { model_id, tag_key } = parseParams(tagParams, path);
    await this.models.deleteTag(model_id, tag_key);
    return {};
  }
}
