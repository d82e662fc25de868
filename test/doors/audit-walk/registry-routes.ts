import { randomUUID } from 'node:crypto';
import type { Case, RouteInput, Rows } from './case.js';
import { awaiting, decided } from './promotions.js';
import type { WalkWorld } from './world.js';

const api = '/api/2.0/mlflow';
const production = { kind: 'STAGE', name: 'Production' };

const version = async (w: WalkWorld) => ({ name: await w.made(1), version: '1' });

/** An open request for Production, as the workspace registry names it. */
async function transition(w: WalkWorld) {
  const request = await awaiting(w, production);
  return { ...request, asked: { name: request.model, version: '1', stage: 'Production' } };
}

const staged = async (w: WalkWorld): Promise<Case<RouteInput>> => {
  const { name } = await version(w);
  return {
    input: { body: { name, version: '1', stage: 'Staging', archive_existing_versions: false } },
    events: [`model_version.stage_transitioned ${name}/1 (before, after)`],
  };
};

/** Models, versions, aliases, stages and transition requests. */
export const registryRoutes: Rows<RouteInput> = {
  [`POST ${api}/registered-models/create`]: (w) => {
    const name = `prod.fraud.${w.fresh('model')}`;
    return { input: { body: { name } }, events: [`registered_model.created ${name} (after)`] };
  },
  [`POST ${api}/registered-models/rename`]: async (w) => {
    const [name, new_name] = [await w.made(), `prod.fraud.${w.fresh('renamed')}`];
    return { input: { body: { name, new_name } }, events: [`registered_model.renamed ${new_name} (before, after)`] };
  },
  [`PATCH ${api}/registered-models/update`]: async (w) => {
    const name = await w.made();
    const events = [`registered_model.updated ${name} (before, after)`];
    return { input: { body: { name, description: 'x' } }, events, onceMore: 'NOTHING' };
  },
  [`DELETE ${api}/registered-models/delete`]: async (w) => {
    const name = await w.made(1);
    return { input: { body: { name } }, events: [`registered_model.deleted ${name} (before)`] };
  },
  [`POST ${api}/registered-models/set-tag`]: async (w) => {
    const name = await w.made();
    const events = [`registered_model.tag_set ${name} (after)`];
    return { input: { body: { name, key: 'k', value: 'v' } }, events, onceMore: 'NOTHING' };
  },
  [`DELETE ${api}/registered-models/delete-tag`]: async (w) => {
    const name = await w.made();
    await w.mlflow('registered-models/set-tag', { name, key: 'k', value: 'v' });
    return { input: { body: { name, key: 'k' } }, events: [`registered_model.tag_deleted ${name} (before)`] };
  },
  [`POST ${api}/registered-models/alias`]: async (w) => {
    const { name } = await version(w);
    const events = [`model_alias.set ${name}@blue (after)`];
    return { input: { body: { name, alias: 'blue', version: '1' } }, events, onceMore: 'NOTHING' };
  },
  [`DELETE ${api}/registered-models/alias`]: async (w) => {
    const { name } = await version(w);
    await w.mlflow('registered-models/alias', { name, alias: 'blue', version: '1' });
    return { input: { body: { name, alias: 'blue' } }, events: [`model_alias.deleted ${name}@blue (before)`] };
  },
  [`POST ${api}/model-versions/create`]: async (w) => {
    const name = await w.made();
    const body = { name, source: 's3://bucket/model' };
    return { input: { body }, events: [`model_version.registered ${name}/1 (after)`] };
  },
  [`PATCH ${api}/model-versions/update`]: async (w) => {
    const named = await version(w);
    const events = [`model_version.updated ${named.name}/1 (before, after)`];
    return { input: { body: { ...named, description: 'x' } }, events, onceMore: 'NOTHING' };
  },
  [`DELETE ${api}/model-versions/delete`]: async (w) => {
    const body = await version(w);
    return { input: { body }, events: [`model_version.deleted ${body.name}/1 (before)`] };
  },
  [`POST ${api}/model-versions/set-tag`]: async (w) => {
    const named = await version(w);
    const events = [`model_version.tag_set ${named.name}/1 (after)`];
    return { input: { body: { ...named, key: 'k', value: 'v' } }, events, onceMore: 'NOTHING' };
  },
  [`DELETE ${api}/model-versions/delete-tag`]: async (w) => {
    const named = await version(w);
    await w.mlflow('model-versions/set-tag', { ...named, key: 'k', value: 'v' });
    const events = [`model_version.tag_deleted ${named.name}/1 (before)`];
    return { input: { body: { ...named, key: 'k' } }, events };
  },
  [`POST ${api}/model-versions/transition-stage`]: staged,
  [`POST ${api}/databricks/model-versions/transition-stage`]: staged,
  [`POST ${api}/transition-requests/create`]: async (w) => {
    const named = await version(w);
    // One that is closed tells the number of the next.
    const before = await awaiting(w);
    await decided(w, before, 'APPROVE');
    const name = `promotion request ${before.number + 1}`;
    return {
      input: { body: { ...named, stage: 'Production', comment: 'x' } },
      events: [
        `promotion_request.created ${name} (after, reason)`,
        `promotion_request.awaiting_approval ${name} (before, after, reason)`,
      ],
    };
  },
  [`POST ${api}/transition-requests/approve`]: async (w) => {
    const { asked, model, name } = await transition(w);
    return {
      input: { body: { ...asked, comment: 'x' } },
      by: w.lead,
      events: [
        `promotion_request.decided ${name} (after, reason)`,
        `promotion_request.approved ${name} (before, after, reason)`,
        `model_version.stage_transitioned ${model}/1 (before, after, reason)`,
        `promotion_request.applied ${name} (before, after, reason)`,
      ],
    };
  },
  [`POST ${api}/transition-requests/reject`]: async (w) => {
    const { asked, name } = await transition(w);
    return {
      input: { body: { ...asked, comment: 'x' } },
      by: w.lead,
      events: [
        `promotion_request.decided ${name} (after, reason)`,
        `promotion_request.rejected ${name} (before, after, reason)`,
      ],
    };
  },
  [`DELETE ${api}/transition-requests/delete`]: async (w) => {
    const { asked, name } = await transition(w);
    return {
      input: { query: { ...asked, creator: w.owner.name, comment: 'x' } },
      events: [`promotion_request.cancelled ${name} (before, after, reason)`],
    };
  },
  [`POST ${api}/comments/create`]: async (w) => {
    const { model, name } = await awaiting(w, production);
    return {
      input: { body: { name: model, version: '1', comment: `looks good ${randomUUID()}` } },
      events: [`discussion_thread.opened ${name} (after, reason)`],
      notRefused: { reader: 'whoever reads the model may discuss its promotion' },
    };
  },
};
