import { InvalidArgument } from '@app/platform';
import { limits, withinLength } from './tag.js';

/** The tag in which clients of MLflow 2 keep the models that a run has logged. */
export const modelHistoryTag = 'mlflow.log-model.history';

const needed = ['artifact_path', 'flavors', 'utc_time_created', 'run_id'];
const kept = ['run_id', 'artifact_path', 'utc_time_created', 'model_uuid'];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * What the history keeps of an MLmodel file: where the model is, and its flavors without their configuration.
 * @param json the MLmodel file as JSON
 * @throws InvalidArgument in the words of MLflow's server
 */
export function modelSummary(json: string): Record<string, unknown> {
  const model = parsed(json);
  if (!isObject(model)) throw invalid(`Malformed model info. \n ${json} \n is not a valid JSON.`);
  const missing = needed.filter((field) => !(field in model));
  if (missing.length > 0) throw invalid(`Model json is missing mandatory fields: ${missing.join(', ')}`);
  const flavors = isObject(model.flavors) ? Object.entries(model.flavors) : [];
  return {
    ...Object.fromEntries(kept.filter((field) => field in model).map((field) => [field, model[field]])),
    flavors: Object.fromEntries(flavors.map(([name, flavor]) => [name, withoutConfig(flavor)])),
  };
}

/** The value of the tag with one more model. Whatever else somebody has written there is no history, and is replaced. */
export function withModel(history: string | null, summary: object): string {
  const models = history === null ? [] : parsed(history);
  const value = JSON.stringify([...(Array.isArray(models) ? models : []), summary]);
  return withinLength(value, limits.runTagValue, 'model_json', modelHistoryTag);
}

function withoutConfig(flavor: unknown): unknown {
  if (!isObject(flavor)) return flavor;
  const { config: _, ...rest } = flavor;
  return rest;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const invalid = (message: string) => new InvalidArgument(message, ['model_json']);
