// The MLflow REST surface, as ours and MLflow's own server speak it.
const api = '/api/2.0/mlflow';

export class RestServer {
  /** Of every request: the caller's token. */
  headers = {};

  /** A request in the form of the load generator: a body makes it a POST. */
  request(call, params = {}, method = 'GET') {
    if (method === 'GET') {
      return { method, path: `${api}/${call}?${new URLSearchParams(params)}`, headers: this.headers };
    }
    const body = JSON.stringify(params);
    const length = Buffer.byteLength(body);
    const headers = { ...this.headers, 'content-type': 'application/json', 'content-length': length };
    return { method, path: `${api}/${call}`, headers, body };
  }

  post(call, params) {
    return this.request(call, params, 'POST');
  }

  /** Sends one request. @throws Error with what the server said */
  async call(request) {
    const { path, ...rest } = request;
    const response = await fetch(this.url + path, rest);
    const text = await response.text();
    if (!response.ok) throw new Error(`${this.name} ${path}: ${response.status} ${text.slice(0, 500)}`);
    return JSON.parse(text);
  }

  /** A new experiment. @returns {Promise<string>} its id */
  async experiment(name) {
    return (await this.call(this.post('experiments/create', { name }))).experiment_id;
  }

  /** A new run. @returns {Promise<string>} its id */
  async run(experiment_id) {
    return (await this.call(this.post('runs/create', { experiment_id, start_time: Date.now() }))).run.info.run_id;
  }

  /** A model with `count` versions, whose source lies outside the store; the alias champion points at version 1. */
  async model(name, count) {
    await this.call(this.post('registered-models/create', { name }));
    await this.call(this.post('model-versions/create', { name, source: 's3://models/scorer' }));
    if (count > 1) await this.copyVersions(name, count);
    await this.call(this.post('registered-models/alias', { name, alias: 'champion', version: '1' }));
  }
}
