// The MLflow steps of the story without Python: the requests that the MLflow client would send, in its order.
import { model } from './people.mjs';
import { Refused } from './service.mjs';

const mlmodelOf = (runId, modelId) => `artifact_path: model
flavors:
  python_function:
    loader_module: mlflow.sklearn
    model_path: model.json
    predict_fn: predict
mlflow_version: 3.17.2
model_id: ${modelId}
run_id: ${runId}
signature:
  inputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 6]}}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: null
`;

/** Where the artifact proxy serves a folder of the store. */
const proxied = (uri) => uri.replace('mlflow-artifacts:/', 'mlflow-artifacts/artifacts/');

/** The client of story.mjs over the MLflow REST surface. */
class RestClient {
  constructor(service) {
    this.service = service;
  }

  /** One request; a string is sent as a file, anything else as JSON, or as the query of a GET. */
  async call(token, method, path, body) {
    const isGet = method === 'GET';
    const isFile = typeof body === 'string';
    const query = isGet && body ? `?${new URLSearchParams(body)}` : '';
    const response = await fetch(`${this.service.url}/api/2.0/${path}${query}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(!isGet && { 'content-type': isFile ? 'application/octet-stream' : 'application/json' }),
      },
      body: isGet ? undefined : isFile ? body : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Refused(JSON.parse(text).message);
    return response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
  }

  async trainAndRegister(token) {
    const experiment = await this.experimentId(token);
    await this.call(token, 'POST', 'mlflow/registered-models/create', { name: model }).catch((error) => {
      if (!error.message.includes('already exists')) throw error;
    });
    return [await this.trainOne(token, experiment, 0.93), await this.trainOne(token, experiment, 0.51)];
  }

  async experimentId(token) {
    const name = 'fraud-demo';
    try {
      const found = await this.call(token, 'GET', 'mlflow/experiments/get-by-name', { experiment_name: name });
      return found.experiment.experiment_id;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return (await this.call(token, 'POST', 'mlflow/experiments/create', { name })).experiment_id;
    }
  }

  /** start_run, log_params, log_metric, log_model and register_model. */
  async trainOne(token, experiment_id, auc) {
    const now = Date.now();
    const { run } = await this.call(token, 'POST', 'mlflow/runs/create', { experiment_id, start_time: now, tags: [] });
    const { run_id } = run.info;
    await this.call(token, 'POST', 'mlflow/runs/log-batch', {
      run_id,
      params: [{ key: 'C', value: '1.0' }],
      metrics: [{ key: 'auc', value: auc, timestamp: now, step: 0 }],
    });
    const model_id = await this.logModel(token, experiment_id, run_id, {
      weights: [0.1, 0.2, 0.3],
      auc,
      trainedAt: now,
    });
    await this.call(token, 'POST', 'mlflow/runs/update', { run_id, status: 'FINISHED', end_time: Date.now() });
    const created = { name: model, source: `models:/${model_id}`, run_id, model_id };
    const { model_version } = await this.call(token, 'POST', 'mlflow/model-versions/create', created);
    return { version: Number(model_version.version), auc };
  }

  async logModel(token, experiment_id, source_run_id, content) {
    const created = { experiment_id, name: 'model', source_run_id };
    const logged = await this.call(token, 'POST', 'mlflow/logged-models', created);
    const { model_id, artifact_uri } = logged.model.info;
    await this.call(token, 'PUT', `${proxied(artifact_uri)}/MLmodel`, mlmodelOf(source_run_id, model_id));
    await this.call(token, 'PUT', `${proxied(artifact_uri)}/model.json`, JSON.stringify(content));
    await this.call(token, 'PATCH', `mlflow/logged-models/${model_id}`, { model_id, status: 'LOGGED_MODEL_READY' });
    return model_id;
  }

  setAlias(token, alias, version) {
    return this.call(token, 'POST', 'mlflow/registered-models/alias', { name: model, alias, version: String(version) });
  }

  transitionStage(token, version, stage) {
    const move = { name: model, version: String(version), stage, archive_existing_versions: false };
    return this.call(token, 'POST', 'mlflow/model-versions/transition-stage', move);
  }

  async predictWithChampion(token) {
    const { model_version } = await this.call(token, 'GET', 'mlflow/registered-models/alias', {
      name: model,
      alias: 'champion',
    });
    const { version } = model_version;
    const { artifact_uri } = await this.call(token, 'GET', 'mlflow/model-versions/get-download-uri', {
      name: model,
      version,
    });
    const file = await this.call(token, 'GET', `${proxied(artifact_uri)}/model.json`);
    const { weights } = typeof file === 'string' ? JSON.parse(file) : file;
    return `read ${weights.length} weights of ${model}@champion, version ${version}`;
  }
}

export const restClient = (service) => new RestClient(service);
