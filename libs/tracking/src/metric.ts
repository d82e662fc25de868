import { InvalidArgument } from '@app/platform';
import type { Metric, Param } from './run.js';
import { checkedTags, dataKey, limits, type Tag, withinLength } from './tag.js';

/** What is logged to a run in one call. */
export interface LogBatch {
  metrics: Metric[];
  params: Param[];
  tags: Tag[];
}

const most = { metrics: 1000, params: 100, tags: 100, all: 1000 } as const;

function demandAtMost(what: string, limit: number, count: number): void {
  if (count > limit) {
    throw new InvalidArgument(
      `A batch logging request can contain at most ${limit} ${what}. Got ${count} ${what}. Please split up ${what} across multiple requests and try again.`,
      [what.split(',')[0] as string],
    );
  }
}

/**
 * The rules of a batch, MLflow's own (mlflow/utils/validation.py).
 * @throws InvalidArgument naming what breaks one, by its index
 */
export function checkedBatch({ metrics = [], params = [], tags = [] }: Partial<LogBatch>): LogBatch {
  demandAtMost('metrics', most.metrics, metrics.length);
  demandAtMost('params', most.params, params.length);
  demandAtMost('tags', most.tags, tags.length);
  demandAtMost('metrics, params, and tags', most.all, metrics.length + params.length + tags.length);
  for (const [index, { key }] of metrics.entries()) dataKey(key, `metrics[${index}].name`);
  for (const [index, { key, value }] of params.entries()) {
    dataKey(key, `params[${index}].key`);
    withinLength(value, limits.paramValue, `params[${index}].value`);
  }
  const keys = params.map(({ key }) => key);
  const twice = keys.filter((key, index) => keys.indexOf(key) !== index);
  if (twice.length > 0) {
    throw new InvalidArgument(
      `Duplicate parameter keys have been submitted: ${JSON.stringify(twice)}. Please ensure the request contains only one param value per param key.`,
      ['params'],
    );
  }
  return { metrics, params, tags: checkedTags(tags, limits.runTagValue) };
}
