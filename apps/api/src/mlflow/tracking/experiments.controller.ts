import { Experiments, RunInputs } from '@app/tracking';
import { Body, Get, Query } from '@nestjs/common';
import { z } from 'zod';
import { Requires } from '../../http/requires.js';
import { parseFilter, parseOrderBy } from '../wire/filter.js';
import { nextPageToken, nodesOf, pageArgs, search } from '../wire/page.js';
import { maxResults, omitUnset, optional, parseParams, repeated, required } from '../wire/parse.js';
import { PostOk } from '../wire/post.js';
import { MlflowController } from '../wire/words.js';
import { toMlflowDatasetSummary, toMlflowExperiment } from './convert.js';
import { experimentId, filterText, keyValues, pageToken, viewType } from './fields.js';

const createParams = z.object({ name: required, artifact_location: optional(z.string()), tags: keyValues });
const idParams = z.object({ experiment_id: experimentId });
const nameParams = z.object({ experiment_name: required });
const updateParams = z.object({ experiment_id: experimentId, new_name: required });
const tagParams = z.object({ experiment_id: experimentId, key: required, value: z.string() });
const tagKeyParams = z.object({ experiment_id: experimentId, key: required });
const searchParams = z.object({
  filter: filterText,
  max_results: maxResults(50_000, 1000),
  order_by: repeated(z.string()),
  page_token: pageToken,
  view_type: viewType,
});
const datasetParams = z.object({ experiment_ids: repeated(z.string()) });

@MlflowController('api/2.0/mlflow/experiments')
export class ExperimentsController {
  constructor(
    private readonly experiments: Experiments,
    private readonly inputs: RunInputs,
  ) {}

  @Requires('CREATE_EXPERIMENT')
  @PostOk('create')
  async create(@Body() body: unknown) {
    const { name, artifact_location, tags } = parseParams(createParams, body);
    const { experimentId } = await this.experiments.create({ name, artifactLocation: artifact_location, tags });
    return { experiment_id: experimentId };
  }

  @Requires('READ')
  @Get('get')
  async get(@Query() query: unknown) {
    const { experiment_id } = parseParams(idParams, query);
    return { experiment: toMlflowExperiment(await this.experiments.get(experiment_id)) };
  }

  @Requires('READ')
  @Get('get-by-name')
  async getByName(@Query() query: unknown) {
    const { experiment_name } = parseParams(nameParams, query);
    return { experiment: toMlflowExperiment(await this.experiments.byName(experiment_name)) };
  }

  @Requires('READ')
  @PostOk('search')
  search(@Body() body: unknown) {
    return this.find(body);
  }

  @Requires('READ')
  @Get('search')
  searchByQuery(@Query() query: unknown) {
    return this.find(query);
  }

  @Requires('READ')
  @PostOk('search-datasets')
  async searchDatasets(@Body() body: unknown) {
    const datasets = await this.inputs.datasetsOf(parseParams(datasetParams, body).experiment_ids);
    return omitUnset({ dataset_summaries: datasets.map(toMlflowDatasetSummary) });
  }

  @Requires('MANAGE')
  @PostOk('update')
  async update(@Body() body: unknown) {
    const { experiment_id, new_name } = parseParams(updateParams, body);
    await this.experiments.rename(experiment_id, new_name);
    return {};
  }

  @Requires('MANAGE')
  @PostOk('delete')
  async delete(@Body() body: unknown) {
    await this.experiments.delete(parseParams(idParams, body).experiment_id);
    return {};
  }

  @Requires('MANAGE')
  @PostOk('restore')
  async restore(@Body() body: unknown) {
    await this.experiments.restore(parseParams(idParams, body).experiment_id);
    return {};
  }

  @Requires('EDIT')
  @PostOk('set-experiment-tag')
  async setTag(@Body() body: unknown) {
    const { experiment_id, key, value } = parseParams(tagParams, body);
    await this.experiments.setTag(experiment_id, { key, value });
    return {};
  }

  @Requires('EDIT')
  @PostOk('delete-experiment-tag')
  async deleteTag(@Body() body: unknown) {
    const { experiment_id, key } = parseParams(tagKeyParams, body);
    await this.experiments.deleteTag(experiment_id, key);
    return {};
  }

  private async find(params: unknown) {
    const { filter, max_results, order_by, page_token, view_type } = parseParams(searchParams, params);
    const page = await search(page_token, () =>
      this.experiments.search({
        filter: parseFilter(filter),
        orderBy: parseOrderBy(order_by),
        viewType: view_type,
        page: pageArgs(max_results, page_token),
      }),
    );
    return omitUnset({ experiments: nodesOf(page).map(toMlflowExperiment), next_page_token: nextPageToken(page) });
  }
}
