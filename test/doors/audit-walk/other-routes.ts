import { Sessions } from '@app/identity';
import type { Case, RouteInput, Rows } from './case.js';
import { validated } from './promotions.js';
import type { WalkWorld } from './world.js';

const api = '/api/2.0/mlflow';

type Row = (w: WalkWorld) => Promise<Case<RouteInput>>;

/** What a level of MLflow grants is a change for each privilege. */
const made = (privileges: string[], on: string, who: string) =>
  privileges.map((privilege) => `grant.created ${privilege} on ${on} to ${who} (after)`);
const ended = (privileges: string[], on: string, who: string) =>
  privileges.map((privilege) => `grant.revoked ${privilege} on ${on} to ${who} (before)`);

interface Permitted {
  on: string;
  ids: object;
  who: string;
}

const ofModel = async (w: WalkWorld): Promise<Permitted> => {
  const [on, who] = [await w.made(), (await w.t.make.user(w.fresh('user'))).name];
  return { on, who, ids: { name: on, username: who } };
};

const ofExperiment = async (w: WalkWorld): Promise<Permitted> => {
  const [experiment_id, who] = [await w.experiment(), (await w.t.make.user(w.fresh('user'))).name];
  const { body } = await w.t.call('GET', `${api}/experiments/get?experiment_id=${experiment_id}`, {
    token: w.owner.token,
  });
  return { on: body.experiment.name, who, ids: { experiment_id, username: who } };
};

const given =
  (permitted: (w: WalkWorld) => Promise<Permitted>, events: (p: Permitted) => string[], former?: string): Row =>
  async (w) => {
    const p = await permitted(w);
    const place = 'name' in p.ids ? 'registered-models' : 'experiments';
    if (former) await w.mlflow(`${place}/permissions/create`, { ...p.ids, permission: former });
    return { input: { body: { ...p.ids, permission: 'EDIT' } }, events: events(p) };
  };

const read = { EXPERIMENT: ['READ'], MODEL: ['EXECUTE'] };
const edit = { EXPERIMENT: ['READ', 'EDIT'], MODEL: ['EXECUTE', 'CREATE_MODEL_VERSION', 'APPLY_TAG', 'SET_ALIAS'] };
const without = (all: string[], some: string[]) => all.filter((each) => !some.includes(each));

async function webhook(w: WalkWorld, events = ['catalog.created']) {
  const name = w.fresh('webhook');
  const input = {
    securable: { kind: 'METASTORE', fullName: 'metastore' },
    name,
    url: w.receiver.url,
    eventTypes: events,
  };
  const { webhook: hook } = await w.done('webhookCreate', input, 'webhook { id }');
  return { name, id: Buffer.from(hook.id, 'base64url').toString().split(':')[1] as string };
}

async function mlflowWebhook(w: WalkWorld) {
  const name = w.fresh('webhook');
  const events = [{ entity: 'MODEL_VERSION', action: 'CREATED' }];
  const { webhook: hook } = await w.mlflow('webhooks', { name, url: w.receiver.url, events });
  return { name, path: { webhook_id: hook.webhook_id as string } };
}

const hiddenNamespace = {
  stranger: 'everybody makes experiments: of one that he may not see he learns that the name is taken',
};

async function jobEvent(w: WalkWorld) {
  const id = await w.experiment();
  const { body } = await w.t.call('GET', `${api}/experiments/get?experiment_id=${id}`, { token: w.owner.token });
  return {
    eventTime: new Date().toISOString(),
    job: { namespace: body.experiment.name as string, name: w.fresh('job') },
    producer: 'https://producer.example/1',
    schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent',
  };
}

const jobMade = ({ job }: Awaited<ReturnType<typeof jobEvent>>) => [`job.created ${job.namespace}/${job.name} (after)`];

/** Permissions, users, webhooks, sessions, events of OpenLineage and the reports of validators. */
export const otherRoutes: Rows<RouteInput> = {
  [`POST ${api}/registered-models/permissions/create`]: given(ofModel, ({ on, who }) => made(edit.MODEL, on, who)),
  [`PATCH ${api}/registered-models/permissions/update`]: given(
    ofModel,
    ({ on, who }) => made(without(edit.MODEL, read.MODEL), on, who),
    'READ',
  ),
  [`DELETE ${api}/registered-models/permissions/delete`]: given(
    ofModel,
    ({ on, who }) => ended(read.MODEL, on, who),
    'READ',
  ),
  [`POST ${api}/experiments/permissions/create`]: given(ofExperiment, ({ on, who }) => made(edit.EXPERIMENT, on, who)),
  [`PATCH ${api}/experiments/permissions/update`]: given(
    ofExperiment,
    ({ on, who }) => made(without(edit.EXPERIMENT, read.EXPERIMENT), on, who),
    'READ',
  ),
  [`DELETE ${api}/experiments/permissions/delete`]: given(
    ofExperiment,
    ({ on, who }) => ended(read.EXPERIMENT, on, who),
    'READ',
  ),
  'POST /api/3.0/mlflow/users/permissions/grant': async (w) => {
    const { on, who } = await ofModel(w);
    const body = { username: who, resource_type: 'registered_model', resource_id: on, permission: 'READ' };
    return { input: { body }, events: made(read.MODEL, on, who), onceMore: 'NOTHING' };
  },
  'POST /api/3.0/mlflow/users/permissions/revoke': async (w) => {
    const { on, who, ids } = await ofModel(w);
    await w.mlflow('registered-models/permissions/create', { ...ids, permission: 'READ' });
    const body = { username: who, resource_type: 'registered_model', resource_id: on };
    return { input: { body }, events: ended(read.MODEL, on, who) };
  },
  [`DELETE ${api}/users/delete`]: async (w) => {
    const { name: username } = await w.t.make.user(w.fresh('user'));
    return { input: { body: { username } }, events: [`principal.deleted ${username} (before)`] };
  },
  [`POST ${api}/webhooks`]: (w) => {
    const name = w.fresh('webhook');
    const body = { name, url: w.receiver.url, events: [{ entity: 'MODEL_VERSION', action: 'CREATED' }] };
    return { input: { body }, events: [`webhook.created ${name} on metastore (after)`] };
  },
  [`PATCH ${api}/webhooks/:webhook_id`]: async (w) => {
    const { name, path } = await mlflowWebhook(w);
    const events = [`webhook.updated ${name} on metastore (before, after)`];
    return { input: { path, body: { description: 'x' } }, events, onceMore: 'NOTHING' };
  },
  [`DELETE ${api}/webhooks/:webhook_id`]: async (w) => {
    const { name, path } = await mlflowWebhook(w);
    return { input: { path }, events: [`webhook.deleted ${name} on metastore (before)`] };
  },
  [`POST ${api}/webhooks/:webhook_id/test`]: async (w) => {
    const { name, path } = await mlflowWebhook(w);
    return { input: { path, body: {} }, events: [`webhook.tested ${name} on metastore`] };
  },
  [`POST ${api}/registry-webhooks/create`]: async (w) => {
    const body = {
      model_name: await w.made(),
      events: ['MODEL_VERSION_CREATED'],
      http_url_spec: { url: w.receiver.url },
    };
    return { input: { body }, events: [`webhook.created registry webhook … on ${body.model_name} (after)`] };
  },
  [`PATCH ${api}/registry-webhooks/update`]: async (w) => {
    const { id, name } = await webhook(w);
    const events = [`webhook.updated ${name} on metastore (before, after)`];
    return { input: { body: { id, description: 'x' } }, events, onceMore: 'NOTHING' };
  },
  [`DELETE ${api}/registry-webhooks/delete`]: async (w) => {
    const { id, name } = await webhook(w);
    return { input: { body: { id } }, events: [`webhook.deleted ${name} on metastore (before)`] };
  },
  [`POST ${api}/registry-webhooks/test`]: async (w) => {
    const { id, name } = await webhook(w);
    w.deliver(id);
    return { input: { body: { id } }, events: [`webhook.tested ${name} on metastore`] };
  },
  'POST /api/v1/lineage': async (w) => {
    const event = await jobEvent(w);
    return { input: { body: event }, events: jobMade(event), onceMore: 'NOTHING', notRefused: hiddenNamespace };
  },
  'POST /api/v1/lineage/batch': async (w) => {
    const event = await jobEvent(w);
    return { input: { body: [event] }, events: jobMade(event), onceMore: 'NOTHING', notRefused: hiddenNamespace };
  },
  'POST /auth/logout': async (w) => {
    const user = await w.t.make.user(w.fresh('user'));
    const secret = await w.t.app.get(Sessions, { strict: false }).begin(user);
    const headers = { cookie: `imprimatur_session=${secret}`, 'sec-fetch-site': 'same-origin' };
    const own = 'everybody ends his own session';
    return {
      input: { headers },
      by: user,
      events: [`session.ended ${user.name}`],
      notRefused: { stranger: own, reader: own },
    };
  },
  'POST /api/gates/v1/runs/:id/report': async (w) => {
    const { gateRunId, key, model, validator } = await validated(w);
    const authorization = `Bearer ${w.validator.last().data.report.token}`;
    const noCaller = 'who has not the token of the call is no caller at all: a failed authentication, which is counted';
    return {
      input: { path: { id: gateRunId }, headers: { authorization }, body: { status: 'PASSED', summary: 'x' } },
      actor: 'imprimatur-gates',
      onBehalfOf: `validator ${validator}`,
      events: [`gate_run.finished ${model}/1 ${key} (after, reason)`],
      onceMore: 'NOTHING',
      notRefused: { stranger: noCaller, reader: noCaller },
    };
  },
};
