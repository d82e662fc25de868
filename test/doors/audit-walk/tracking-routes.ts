import { randomUUID } from 'node:crypto';
import type { Case, RouteInput, Rows } from './case.js';
import type { WalkWorld } from './world.js';

const api = '/api/2.0/mlflow';
/** docs/audit.md: what a training run records of itself. */
const recorded = { none: 'the record of an experiment, which nobody governs: what is registered of it is told' };
const written = { none: 'a file that no version has yet: its digest is told when it is registered' };
const everybody = { stranger: 'everybody makes experiments', reader: 'everybody makes experiments' };

type Row = (w: WalkWorld) => Promise<Case<RouteInput>>;

async function named(w: WalkWorld): Promise<{ experiment_id: string; name: string }> {
  const experiment_id = await w.experiment();
  const { body } = await w.t.call('GET', `${api}/experiments/get?experiment_id=${experiment_id}`, {
    token: w.owner.token,
  });
  return { experiment_id, name: body.experiment.name };
}

async function ofRun(w: WalkWorld) {
  const { experimentId, runId } = await w.run();
  const { body } = await w.t.call('GET', `${api}/runs/get?run_id=${runId}`, { token: w.owner.token });
  return { run_id: runId, experimentId, name: body.run.info.run_name as string };
}

async function loggedModel(w: WalkWorld) {
  const name = w.fresh('logged');
  const { model } = await w.mlflow('logged-models', { experiment_id: await w.experiment(), name });
  return { name, model_id: model.info.model_id as string };
}

/** What is logged to a run. */
const log =
  (body: object): Row =>
  async (w) => {
    const { run_id } = await ofRun(w);
    return { input: { body: { run_id, ...body } }, events: recorded };
  };

const toModel =
  (given: { body?: object; path?: Record<string, string> }): Row =>
  async (w) => {
    const { model_id } = await loggedModel(w);
    await w.t.call('PATCH', `${api}/logged-models/${model_id}/tags`, {
      token: w.owner.token,
      body: { tags: [{ key: 'k', value: 'v' }] },
    });
    return { input: { body: given.body, path: { model_id, ...given.path } }, events: recorded };
  };

const keyValue = { key: 'k', value: 'v' };
const dataset = { name: 'd', digest: '1', source_type: 't', source: 's' };
const mlmodel = JSON.stringify({ artifact_path: 'm', flavors: {}, utc_time_created: 't', run_id: 'r' });

async function file(w: WalkWorld): Promise<{ path: string; run_id: string; experiment: string }> {
  const { experimentId, runId } = await w.run();
  const { body } = await w.t.call('GET', `${api}/experiments/get?experiment_id=${experimentId}`, {
    token: w.owner.token,
  });
  return { path: `${experimentId}/${runId}/artifacts/file.txt`, run_id: runId, experiment: body.experiment.name };
}

/** Experiments, runs, logged models and their files. */
export const trackingRoutes: Rows<RouteInput> = {
  [`POST ${api}/experiments/create`]: (w) => {
    const name = w.fresh('experiment');
    return { input: { body: { name } }, events: [`experiment.created ${name} (after)`], notRefused: everybody };
  },
  [`POST ${api}/experiments/update`]: async (w) => {
    const { experiment_id } = await named(w);
    const new_name = w.fresh('renamed');
    const events = [`experiment.renamed ${new_name} (before, after)`];
    return { input: { body: { experiment_id, new_name } }, events, onceMore: 'NOTHING' };
  },
  [`POST ${api}/experiments/delete`]: async (w) => {
    const { experiment_id, name } = await named(w);
    return { input: { body: { experiment_id } }, events: [`experiment.deleted ${name} (before, after)`] };
  },
  [`POST ${api}/experiments/restore`]: async (w) => {
    const { experiment_id, name } = await named(w);
    await w.mlflow('experiments/delete', { experiment_id });
    return { input: { body: { experiment_id } }, events: [`experiment.restored ${name} (before, after)`] };
  },
  [`POST ${api}/experiments/set-experiment-tag`]: async (w) => {
    const { experiment_id, name } = await named(w);
    const events = [`experiment.tag_set ${name} (after)`];
    return { input: { body: { experiment_id, ...keyValue } }, events, onceMore: 'NOTHING' };
  },
  [`POST ${api}/experiments/delete-experiment-tag`]: async (w) => {
    const { experiment_id, name } = await named(w);
    await w.mlflow('experiments/set-experiment-tag', { experiment_id, ...keyValue });
    return { input: { body: { experiment_id, key: 'k' } }, events: [`experiment.tag_deleted ${name} (before)`] };
  },
  [`POST ${api}/runs/create`]: async (w) => {
    const [experiment_id, run_name] = [await w.experiment(), w.fresh('run')];
    return { input: { body: { experiment_id, run_name } }, events: [`run.created ${run_name} (after)`] };
  },
  [`POST ${api}/runs/delete`]: async (w) => {
    const { run_id, name } = await ofRun(w);
    return { input: { body: { run_id } }, events: [`run.deleted ${name} (before, after)`], onceMore: 'NOTHING' };
  },
  [`POST ${api}/runs/restore`]: async (w) => {
    const { run_id, name } = await ofRun(w);
    await w.mlflow('runs/delete', { run_id });
    return { input: { body: { run_id } }, events: [`run.restored ${name} (before, after)`], onceMore: 'NOTHING' };
  },
  [`POST ${api}/runs/update`]: log({ status: 'FINISHED' }),
  [`POST ${api}/runs/log-batch`]: log({ params: [keyValue] }),
  [`POST ${api}/runs/log-metric`]: log({ key: 'k', value: 1, timestamp: 1 }),
  [`POST ${api}/runs/log-parameter`]: log(keyValue),
  [`POST ${api}/runs/set-tag`]: log(keyValue),
  [`POST ${api}/runs/log-inputs`]: log({ datasets: [{ dataset }] }),
  [`POST ${api}/runs/log-model`]: log({ model_json: mlmodel }),
  [`POST ${api}/runs/delete-tag`]: async (w) => {
    const { run_id } = await ofRun(w);
    await w.mlflow('runs/set-tag', { run_id, ...keyValue });
    return { input: { body: { run_id, key: 'k' } }, events: recorded };
  },
  [`POST ${api}/runs/outputs`]: async (w) => {
    const [{ run_id }, { model_id }] = [await ofRun(w), await loggedModel(w)];
    return { input: { body: { run_id, models: [{ model_id, step: 1 }] } }, events: recorded };
  },
  [`POST ${api}/logged-models`]: async (w) => {
    const [experiment_id, name] = [await w.experiment(), w.fresh('logged')];
    return { input: { body: { experiment_id, name } }, events: [`logged_model.created ${name} (after)`] };
  },
  [`PATCH ${api}/logged-models/:model_id`]: async (w) => {
    const { model_id, name } = await loggedModel(w);
    const input = { path: { model_id }, body: { status: 'LOGGED_MODEL_READY' } };
    return { input, events: [`logged_model.finalized ${name} (before, after)`], onceMore: 'NOTHING' };
  },
  [`DELETE ${api}/logged-models/:model_id`]: async (w) => {
    const { model_id, name } = await loggedModel(w);
    return { input: { path: { model_id } }, events: [`logged_model.deleted ${name} (before)`] };
  },
  [`POST ${api}/logged-models/:model_id/params`]: toModel({ body: { params: [{ key: 'p', value: '1' }] } }),
  [`PATCH ${api}/logged-models/:model_id/tags`]: toModel({ body: { tags: [{ key: 'other', value: '1' }] } }),
  [`DELETE ${api}/logged-models/:model_id/tags/:tag_key`]: toModel({ path: { tag_key: 'k' } }),
  [`POST ${api}/upload-artifact`]: async (w) => {
    const { run_id } = await file(w);
    return { input: { query: { run_uuid: run_id, path: 'file.txt' }, body: randomUUID() }, events: written };
  },
  'PUT /api/2.0/mlflow-artifacts/artifacts/*': async (w) => {
    const { path } = await file(w);
    return { input: { path: { '*': path }, body: randomUUID() }, events: written };
  },
  'DELETE /api/2.0/mlflow-artifacts/artifacts/*': async (w) => {
    const { path, experiment } = await file(w);
    const url = `/api/2.0/mlflow-artifacts/artifacts/${path}`;
    await w.t.call('PUT', url, { token: w.owner.token, body: 'x' });
    return { input: { path: { '*': path } }, events: [`artifact.deleted ${experiment} (before)`] };
  },
};

/** An upload in parts, straight to the bucket. */
const upload = async (w: WalkWorld) => {
  const { path } = await file(w);
  const folder = path.replace(/\/[^/]*$/, '');
  const url = `/api/2.0/mlflow-artifacts/mpu/create/${folder}`;
  const { body } = await w.t.call('POST', url, { token: w.owner.token, body: { path: 'file.txt', num_parts: 1 } });
  return { folder, upload: { path: 'file.txt', upload_id: body.upload_id }, url: body.credentials[0].url as string };
};

/** Where the bytes are in a bucket, and clients bring them there themselves. */
export const transferRoutes: Rows<RouteInput> = {
  'POST /api/2.0/mlflow-artifacts/mpu/create/*': async (w) => {
    const { path } = await file(w);
    const input = { path: { '*': path.replace(/\/[^/]*$/, '') }, body: { path: 'file.txt', num_parts: 1 } };
    return { input, events: { none: 'nothing is there until the upload is complete' } };
  },
  'POST /api/2.0/mlflow-artifacts/mpu/complete/*': async (w) => {
    const { folder, upload: begun, url } = await upload(w);
    const etag = (await fetch(url, { method: 'PUT', body: 'bytes' })).headers.get('etag');
    const body = { ...begun, parts: [{ part_number: 1, etag }] };
    return { input: { path: { '*': folder }, body }, events: written };
  },
  'POST /api/2.0/mlflow-artifacts/mpu/abort/*': async (w) => {
    const { folder, upload: body } = await upload(w);
    return { input: { path: { '*': folder }, body }, events: { none: 'nothing was there yet' } };
  },
};
