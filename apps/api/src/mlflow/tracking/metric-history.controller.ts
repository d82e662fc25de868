import { MetricHistories, RunData } from '@app/tracking';
import { Get, Query } from '@nestjs/common';
import { z } from 'zod';
import { Requires } from '../../http/requires.js';
import { nextPageToken, nodesOf, pageArgs, search } from '../wire/page.js';
import { maxResults, omitUnset, optional, parseParams, repeated, required, wholeNumber } from '../wire/parse.js';
import { MlflowController } from '../wire/words.js';
import { toMlflowMetric } from './convert.js';
import { ofRun, pageToken } from './fields.js';

/** The page of MLflow's client, and what its server answers at the most. */
const largestPage = 25_000;
const mostSteps = 2500;

const historyParams = ofRun({
  metric_key: required,
  max_results: maxResults(largestPage, largestPage),
  page_token: pageToken,
});
const bulkParams = z.object({
  run_id: repeated(z.string()),
  metric_key: z.string().default(''),
  max_results: wholeNumber
    .pipe(z.number().min(1, 'must be at least 1'))
    .transform((most) => Math.min(most, largestPage))
    .default(largestPage),
});
const intervalParams = z
  .object({
    run_ids: repeated(z.string()).pipe(z.array(z.string()).min(1, 'must not be empty')),
    metric_key: required,
    start_step: optional(wholeNumber),
    end_step: optional(wholeNumber),
    max_results: wholeNumber
      .pipe(
        z
          .number()
          .min(1, `max_results must be between 1 and ${mostSteps}.`)
          .max(mostSteps, `max_results must be between 1 and ${mostSteps}.`),
      )
      .default(mostSteps),
  })
  .refine(({ start_step, end_step }) => (start_step === undefined) === (end_step === undefined), {
    message: 'If either start step or end step are specified, both must be specified.',
    path: ['start_step'],
  });

@MlflowController('api/2.0/mlflow/metrics')
export class MetricHistoryController {
  constructor(
    private readonly data: RunData,
    private readonly histories: MetricHistories,
  ) {}

  @Requires('READ')
  @Get('get-history')
  async history(@Query() query: unknown) {
    const { run_id, metric_key, max_results, page_token } = parseParams(historyParams, query);
    const page = await search(page_token, () =>
      this.data.history(run_id, metric_key, pageArgs(max_results, page_token)),
    );
    return omitUnset({ metrics: nodesOf(page).map(toMlflowMetric), next_page_token: nextPageToken(page) });
  }

  /** What MLflow's own pages draw. Made by hand there, not by protobuf: its list is there when it is empty, too. */
  @Requires('READ')
  @Get('get-history-bulk')
  async bulk(@Query() query: unknown) {
    const { run_id, metric_key, max_results } = parseParams(bulkParams, query);
    return { metrics: (await this.histories.ofRuns(run_id, metric_key, max_results)).map(toMlflowMetric) };
  }

  @Requires('READ')
  @Get('get-history-bulk-interval')
  async sampled(@Query() query: unknown) {
    const { run_ids, metric_key, start_step, end_step, max_results } = parseParams(intervalParams, query);
    const range =
      start_step === undefined || end_step === undefined ? undefined : { first: start_step, last: end_step };
    const metrics = await this.histories.sampled(run_ids, metric_key, max_results, range);
    return omitUnset({ metrics: metrics.map(toMlflowMetric) });
  }
}
