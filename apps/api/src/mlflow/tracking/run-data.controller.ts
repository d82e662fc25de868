import { RunData, RunInputs } from '@app/tracking';
import { Body } from '@nestjs/common';
import { z } from 'zod';
import { Requires } from '../../http/requires.js';
import { optional, parseParams, required, wholeNumber } from '../wire/parse.js';
import { PostOk } from '../wire/post.js';
import { MlflowController } from '../wire/words.js';
import { keyValue, keyValues, metric, ofRun } from './fields.js';

const runParams = ofRun({});
const keyValueParams = ofRun({ key: required, value: z.string() });
const keyParams = ofRun({ key: required });
const batchParams = ofRun({ metrics: optional(z.array(metric)), params: keyValues, tags: keyValues });
const dataset = z
  .object({
    name: required,
    digest: required,
    source_type: required,
    source: required,
    schema: optional(z.string()),
    profile: optional(z.string()),
  })
  .transform(({ source_type, schema, profile, ...rest }) => ({
    ...rest,
    sourceType: source_type,
    schema: schema ?? null,
    profile: profile ?? null,
  }));
const datasetInput = z.object({ tags: optional(z.array(keyValue)), dataset });
const inputParams = ofRun({
  datasets: optional(z.array(datasetInput)),
  models: optional(z.array(z.object({ model_id: required }))),
});
const modelParams = ofRun({ model_json: required });
const outputParams = ofRun({
  models: optional(z.array(z.object({ model_id: required, step: optional(wholeNumber) }))),
});

@MlflowController('api/2.0/mlflow')
export class RunDataController {
  constructor(
    private readonly data: RunData,
    private readonly inputs: RunInputs,
  ) {}

  @Requires('EDIT')
  @PostOk('runs/log-batch')
  async logBatch(@Body() body: unknown) {
    const { run_id, metrics, params, tags } = parseParams(batchParams, body);
    await this.data.log(run_id, { metrics, params, tags });
    return {};
  }

  @Requires('EDIT')
  @PostOk('runs/log-metric')
  async logMetric(@Body() body: unknown) {
    const { run_id } = parseParams(runParams, body);
    await this.data.log(run_id, { metrics: [parseParams(metric, body)] });
    return {};
  }

  @Requires('EDIT')
  @PostOk('runs/log-parameter')
  async logParam(@Body() body: unknown) {
    const { run_id, key, value } = parseParams(keyValueParams, body);
    await this.data.log(run_id, { params: [{ key, value }] });
    return {};
  }

  @Requires('EDIT')
  @PostOk('runs/set-tag')
  async setTag(@Body() body: unknown) {
    const { run_id, key, value } = parseParams(keyValueParams, body);
    await this.data.log(run_id, { tags: [{ key, value }] });
    return {};
  }

  @Requires('EDIT')
  @PostOk('runs/delete-tag')
  async deleteTag(@Body() body: unknown) {
    const { run_id, key } = parseParams(keyParams, body);
    await this.data.deleteTag(run_id, key);
    return {};
  }

  @Requires('EDIT')
  @PostOk('runs/log-inputs')
  async logInputs(@Body() body: unknown) {
    const { run_id, datasets = [], models = [] } = parseParams(inputParams, body);
    await this.inputs.logInputs(
      run_id,
      datasets.map(({ tags, dataset: data }) => ({ tags: tags ?? [], dataset: data })),
      models.map(({ model_id }) => model_id),
    );
    return {};
  }

  /** Of clients of MLflow 2; those of MLflow 3 make logged models. */
  @Requires('EDIT')
  @PostOk('runs/log-model')
  async logModel(@Body() body: unknown) {
    const { run_id, model_json } = parseParams(modelParams, body);
    await this.data.logModel(run_id, model_json);
    return {};
  }

  @Requires('EDIT')
  @PostOk('runs/outputs')
  async logOutputs(@Body() body: unknown) {
    const { run_id, models = [] } = parseParams(outputParams, body);
    await this.inputs.logOutputs(
      run_id,
      models.map(({ model_id, step }) => ({ modelId: model_id, step: step ?? 0 })),
    );
    return {};
  }
}
