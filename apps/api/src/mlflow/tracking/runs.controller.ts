import { Runs } from '@app/tracking';
import { Body, Get, Query } from '@nestjs/common';
import { z } from 'zod';
import { Requires } from '../../http/requires.js';
import { parseFilter, parseOrderBy } from '../wire/filter.js';
import { nextPageToken, nodesOf, pageArgs, search } from '../wire/page.js';
import { enumeration, maxResults, omitUnset, optional, parseParams, repeated, wholeNumber } from '../wire/parse.js';
import { PostOk } from '../wire/post.js';
import { MlflowController } from '../wire/words.js';
import { toMlflowRun, toMlflowRunInfo } from './convert.js';
import { experimentId, filterText, keyValues, ofRun, pageToken, viewType } from './fields.js';

const runStatus = enumeration({ RUNNING: 1, SCHEDULED: 2, FINISHED: 3, FAILED: 4, KILLED: 5 });
/** What a date can hold, before 1970 too. */
const farthest = 8.64e15;
const outOfDates = 'must be milliseconds since 1970';
const time = wholeNumber.pipe(z.number().min(-farthest, outOfDates).max(farthest, outOfDates));

const createParams = z.object({
  experiment_id: experimentId,
  user_id: optional(z.string()),
  run_name: optional(z.string()),
  start_time: optional(time),
  tags: keyValues,
});
const runParams = ofRun({});
const updateParams = ofRun({ status: optional(runStatus), end_time: optional(time), run_name: optional(z.string()) });
const searchParams = z.object({
  experiment_ids: repeated(z.string()),
  filter: filterText,
  run_view_type: viewType,
  max_results: maxResults(50_000, 1000),
  order_by: repeated(z.string()),
  page_token: pageToken,
});

@MlflowController('api/2.0/mlflow/runs')
export class RunsController {
  constructor(private readonly runs: Runs) {}

  @Requires('EDIT')
  @PostOk('create')
  async create(@Body() body: unknown) {
    const { experiment_id, user_id, run_name, start_time, tags } = parseParams(createParams, body);
    const run = await this.runs.create({
      experimentId: experiment_id,
      userId: user_id,
      name: run_name,
      startTime: start_time,
      tags,
    });
    return { run: toMlflowRun(run) };
  }

  @Requires('READ')
  @Get('get')
  async get(@Query() query: unknown) {
    return { run: toMlflowRun(await this.runs.get(parseParams(runParams, query).run_id)) };
  }

  @Requires('EDIT')
  @PostOk('update')
  async update(@Body() body: unknown) {
    const { run_id, status, end_time, run_name } = parseParams(updateParams, body);
    const run = await this.runs.update(run_id, { status, endTime: end_time, name: run_name });
    return { run_info: toMlflowRunInfo(run) };
  }

  @Requires('EDIT')
  @PostOk('delete')
  async delete(@Body() body: unknown) {
    await this.runs.delete(parseParams(runParams, body).run_id);
    return {};
  }

  @Requires('EDIT')
  @PostOk('restore')
  async restore(@Body() body: unknown) {
    await this.runs.restore(parseParams(runParams, body).run_id);
    return {};
  }

  @Requires('READ')
  @PostOk('search')
  async search(@Body() body: unknown) {
    const { experiment_ids, filter, run_view_type, max_results, order_by, page_token } = parseParams(
      searchParams,
      body,
    );
    const page = await search(page_token, () =>
      this.runs.search({
        experimentIds: experiment_ids,
        filter: parseFilter(filter),
        orderBy: parseOrderBy(order_by),
        viewType: run_view_type,
        page: pageArgs(max_results, page_token),
      }),
    );
    return omitUnset({ runs: nodesOf(page).map(toMlflowRun), next_page_token: nextPageToken(page) });
  }
}
