import { LoggedModels } from '@app/tracking';
import { Body, Delete, Get, Param, Patch } from '@nestjs/common';
import { z } from 'zod';
import { Requires } from '../../http/requires.js';
import { parseFilter, parseOrderBy } from '../wire/filter.js';
import { nextPageToken, nodesOf, pageArgs, search } from '../wire/page.js';
import { enumeration, maxResults, omitUnset, optional, parseParams, repeated, required } from '../wire/parse.js';
import { PostOk } from '../wire/post.js';
import { MlflowController } from '../wire/words.js';
import { toMlflowLoggedModel } from './convert.js';
import { experimentId, filterText, keyValues, pageToken } from './fields.js';

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
const searchParams = z.object({
  experiment_ids: repeated(z.string()),
  filter: filterText,
  datasets: repeated(z.object({ dataset_name: required, dataset_digest: optional(z.string()) })),
  max_results: maxResults(50_000, 100),
  order_by: repeated(
    z.object({
      field_name: required,
      ascending: optional(z.boolean()),
      dataset_name: optional(z.string()),
      dataset_digest: optional(z.string()),
    }),
  ),
  page_token: pageToken,
});

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
    const { experiment_ids, filter, datasets, max_results, order_by, page_token } = parseParams(searchParams, body);
    const page = await search(page_token, () =>
      this.models.search({
        experimentIds: experiment_ids,
        filter: parseFilter(filter),
        datasets: datasets.map(({ dataset_name, dataset_digest }) => ({ name: dataset_name, digest: dataset_digest })),
        orderBy: order_by.flatMap(({ field_name, ascending = true, dataset_name, dataset_digest }) =>
          parseOrderBy([field_name]).map((ordering) => ({
            ...ordering,
            ascending,
            dataset: { name: dataset_name, digest: dataset_digest },
          })),
        ),
        page: pageArgs(max_results, page_token),
      }),
    );
    return omitUnset({ models: nodesOf(page).map(toMlflowLoggedModel), next_page_token: nextPageToken(page) });
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
