import { lineagePaths } from '../../../apps/api/src/http/surface.js';
import { data, runEvent } from '../../support/openlineage.js';
import { globalId, hiddenNames, type MadeIds, marker, people } from './names.js';

/** One request of REST. */
export interface RestRequest {
  label: string;
  method: string;
  url: string;
  body: object | string | undefined;
}

/** Every parameter that a route of ours knows; a route takes what it knows, and lets the rest be. */
function parametersOf({ experimentId, runId, loggedModelId, ids }: MadeIds): Record<string, unknown> {
  const keyValue = { key: hiddenNames.key, value: hiddenNames.value };
  const dataset = { name: marker, digest: 'd', source_type: 't', source: 's' };
  return {
    ...keyValue,
    name: hiddenNames.model,
    new_name: `${hiddenNames.schema}.new`,
    version: '1',
    alias: hiddenNames.alias,
    source: `models:/${hiddenNames.model}/1`,
    stage: 'Archived',
    experiment_id: experimentId,
    experiment_ids: [experimentId],
    experiment_name: hiddenNames.experiment,
    run_id: runId,
    run_ids: runId,
    metric_key: hiddenNames.key,
    timestamp: 1,
    step: 1,
    model_id: loggedModelId,
    tag_key: hiddenNames.key,
    tags: [keyValue],
    params: [keyValue],
    model_json: '{"artifact_path":"m","flavors":{},"utc_time_created":"t","run_id":"r"}',
    metrics: [{ key: hiddenNames.key, value: 1, timestamp: 1, step: 1 }],
    models: [{ model_id: loggedModelId, step: 1 }],
    datasets: [{ dataset, dataset_name: marker }],
    webhook_id: ids.Webhook,
    username: 'nobody',
    permission: 'READ',
    resource_type: 'registered_model',
    resource_id: hiddenNames.model,
    url: 'https://mine.example/',
    events: [{ entity: 'MODEL_VERSION', action: 'CREATED' }],
    max_results: 5,
    comment: hiddenNames.value,
    creator: people.owner,
    id: ids.Webhook,
    model_name: hiddenNames.model,
    http_url_spec: { url: 'https://a.example' },
    ...runEvent(hiddenNames.experiment, marker, { inputs: [data(`s3://${marker}/x`)] }),
  };
}

/** Where a parameter means something else, or is one too many. */
const exceptions: [route: RegExp, changes: (made: MadeIds, as: string) => Record<string, unknown>][] = [
  // A name is taken or not: who may make a thing learns that (docs/adr/0009).
  [/experiments\/create$/, (_, as) => ({ name: `of the ${as}` })],
  [/v1\/lineage/, (_, as) => ({ job: { namespace: `of the ${as}`, name: marker } })],
  [/logged-models\/:model_id$/, () => ({ status: 'LOGGED_MODEL_READY' })],
  [/runs\/update$/, () => ({ status: 'FINISHED' })],
  [/(log-metric|log-parameter|runs\/set-tag|experiment-tag)$/, () => ({ value: '1' })],
  [/registry-webhooks\/(create|list|update)$/, () => ({ events: ['MODEL_VERSION_CREATED'] })],
  // Of a source only one way to name where it comes from.
  [/model-versions\/create$/, () => ({ run_id: undefined, model_id: undefined })],
  [/mlflow-artifacts\/artifacts$/, ({ experimentId, runId }) => ({ path: `${experimentId}/${runId}/artifacts` })],
  [/artifacts\/list$/, () => ({ path: 'model' })],
  [
    /artifacts\/mpu\//,
    () => ({ path: `${marker}.txt`, num_parts: 1, upload_id: marker, parts: [{ part_number: 1, etag: 'e' }] }),
  ],
  [/model-versions\/get-artifact$/, () => ({ path: 'MLmodel' })],
  [/presigned-download-url$/, () => ({ path: `model/${marker}.txt` })],
  [/(get|upload)-artifact$/, () => ({ path: `model/${marker}.txt` })],
  [/artifacts\/files$/, () => ({ artifact_file_path: 'MLmodel' })],
  // Another query than GraphQL's own walk sends: a subscription, as a stream of events. It ends, as nothing is to be followed.
  [
    /graphql\/event-stream$/,
    ({ ids }) => ({
      query: `subscription { promotionRequestChanged(id: "${globalId('PromotionRequest', ids.PromotionRequest)}") { sequence promotionRequest { justification } } }`,
    }),
  ],
  [/(attestations\/:number|\/dossier(\.\w+)?)$/, ({ request }) => ({ number: request })],
  [
    /governance\/v1\/report$/,
    () => ({ from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z', within: hiddenNames.model }),
  ],
  [/^\/queues/, () => ({ queueName: 'gates', jobId: 'message-1' })],
];

const artifactOf = ({ experimentId, runId }: MadeIds): string =>
  `${experimentId}/${runId}/artifacts/model/${marker}.txt`;

/** A request to a route, about what is hidden. `as`: who asks, for what he may make himself. */
export function requestTo({ method, url }: { method: string; url: string }, made: MadeIds, as: string): RestRequest {
  const changes = exceptions.filter(([route]) => route.test(url)).map(([, changed]) => changed(made, as));
  const parameters = Object.assign(parametersOf(made), ...changes) as Record<string, unknown>;
  const path = url.replace(/:(\w+)/g, (_, name: string) => {
    if (!(name in parameters)) throw new Error(`${method} ${url}: no value for ${name}: teach it to this walk`);
    return encodeURIComponent(String(parameters[name]));
  });
  const full = path.replace('*', artifactOf(made));
  const label = `${method} ${url}`;
  if (url.endsWith('/upload-artifact')) {
    const query = new URLSearchParams({ run_uuid: made.runId, path: String(parameters.path) });
    return { label, method, url: `${full}?${query}`, body: 'bytes' };
  }
  if (url === lineagePaths.batch) return { label, method, url, body: [parameters] };
  if (method !== 'GET' && method !== 'HEAD') {
    const body = url.endsWith('/artifacts/*') ? 'bytes' : parameters;
    return { label, method, url: full, body: method === 'DELETE' && url.endsWith('*') ? undefined : body };
  }
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (typeof value !== 'object' && value !== undefined) query.set(name, String(value));
  }
  return { label, method, url: `${full}?${query}`, body: undefined };
}
