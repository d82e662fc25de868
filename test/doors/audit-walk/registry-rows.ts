import type { Rows } from './case.js';
import type { WalkWorld } from './world.js';

const catalogOf = async (w: WalkWorld): Promise<string> => {
  const name = w.fresh('catalog');
  await w.done('catalogCreate', { name });
  return name;
};

const schemaOf = async (w: WalkWorld): Promise<string> => {
  const name = w.fresh('schema');
  await w.done('schemaCreate', { catalog: 'prod', name });
  return `prod.${name}`;
};

const schema = (fullName: string) => ({ securable: { kind: 'SCHEMA', fullName } });

/** Catalogs, schemas, what all securables have, models and versions. */
export const registryRows: Rows = {
  catalogCreate: (w) => {
    const name = w.fresh('catalog');
    return { input: { name }, events: [`catalog.created ${name} (after)`] };
  },
  catalogDelete: async (w) => {
    const name = await catalogOf(w);
    return { input: { name }, events: [`catalog.deleted ${name} (before)`] };
  },
  catalogRename: async (w) => {
    const name = await catalogOf(w);
    const newName = w.fresh('renamed');
    return { input: { name, newName }, events: [`catalog.renamed ${newName} (before, after)`] };
  },
  schemaCreate: (w) => {
    const name = w.fresh('schema');
    return { input: { catalog: 'prod', name }, events: [`schema.created prod.${name} (after)`] };
  },
  schemaDelete: async (w) => {
    const fullName = await schemaOf(w);
    return { input: { fullName }, events: [`schema.deleted ${fullName} (before)`] };
  },
  schemaRename: async (w) => {
    const [fullName, newName] = [await schemaOf(w), w.fresh('renamed')];
    return { input: { fullName, newName }, events: [`schema.renamed prod.${newName} (before, after)`] };
  },
  // One change in one call: a new owner, told with whatever else changes.
  securableUpdate: async (w) => {
    const fullName = await schemaOf(w);
    const input = { ...schema(fullName), description: 'x', owner: w.lead.name };
    return { input, events: [`schema.owner_changed ${fullName} (before, after)`], onceMore: 'NOTHING' };
  },
  tagSet: async (w) => {
    const fullName = await schemaOf(w);
    const input = { ...schema(fullName), key: 'k', value: 'v' };
    return { input, events: [`schema.tag_set ${fullName} (after)`], onceMore: 'NOTHING' };
  },
  tagDelete: async (w) => {
    const fullName = await schemaOf(w);
    await w.done('tagSet', { ...schema(fullName), key: 'k', value: 'v' });
    const input = { ...schema(fullName), key: 'k' };
    return { input, events: [`schema.tag_deleted ${fullName} (before)`], onceMore: 'NOTHING' };
  },
  modelCreate: (w) => {
    const fullName = `prod.fraud.${w.fresh('model')}`;
    return { input: { fullName }, events: [`registered_model.created ${fullName} (after)`] };
  },
  modelDelete: async (w) => {
    const fullName = await w.made(1);
    return { input: { fullName }, events: [`registered_model.deleted ${fullName} (before)`] };
  },
  modelRename: async (w) => {
    const [fullName, newFullName] = [await w.made(), `prod.fraud.${w.fresh('renamed')}`];
    return { input: { fullName, newFullName }, events: [`registered_model.renamed ${newFullName} (before, after)`] };
  },
  modelAliasSet: async (w) => {
    const model = await w.made(1);
    const input = { model, alias: 'blue', number: 1 };
    return { input, events: [`model_alias.set ${model}@blue (after)`], onceMore: 'NOTHING' };
  },
  modelAliasDelete: async (w) => {
    const model = await w.made(1);
    await w.done('modelAliasSet', { model, alias: 'blue', number: 1 });
    return {
      input: { model, alias: 'blue' },
      events: [`model_alias.deleted ${model}@blue (before)`],
      onceMore: 'NOTHING',
    };
  },
  modelEndpointReport: async (w) => {
    const input = { model: await w.made(1), number: 1, name: 'web', url: 'https://web.example', reason: 'x' };
    const events = [`model_endpoint.reported web on ${input.model} (after, reason)`];
    const notRefused = { reader: 'whoever may load a model may say where he serves it' };
    return { input, events, onceMore: 'NOTHING', notRefused };
  },
  // The reader may load the model, and did not report it.
  modelEndpointRetire: async (w) => {
    const model = await w.made(1);
    await w.done('modelEndpointReport', { model, number: 1, name: 'web' });
    const events = [`model_endpoint.retired web on ${model} (before, reason)`];
    return { input: { model, name: 'web', reason: 'x' }, events, onceMore: 'NOTHING' };
  },
  modelVersionDelete: async (w) => {
    const model = await w.made(1);
    return { input: { model, number: 1 }, events: [`model_version.deleted ${model}/1 (before)`] };
  },
  modelVersionRegister: async (w) => {
    const model = await w.made();
    const input = { model, source: 's3://bucket/model' };
    return { input, events: [`model_version.registered ${model}/1 (after)`] };
  },
  // The version that stood there is moved away, which is a change of its own.
  modelVersionStageTransition: async (w) => {
    const model = await w.made(2);
    await w.done('modelVersionStageTransition', { model, number: 1, stage: 'STAGING' });
    return {
      input: { model, number: 2, stage: 'STAGING', archiveExisting: true },
      events: [
        `model_version.stage_transitioned ${model}/1 (before, after)`,
        `model_version.stage_transitioned ${model}/2 (before, after)`,
      ],
      onceMore: 'NOTHING',
    };
  },
  modelVersionTagDelete: async (w) => {
    const version = { model: await w.made(1), number: 1 };
    await w.done('modelVersionTagSet', { ...version, key: 'k', value: 'v' });
    const events = [`model_version.tag_deleted ${version.model}/1 (before)`];
    return { input: { ...version, key: 'k' }, events, onceMore: 'NOTHING' };
  },
  modelVersionTagSet: async (w) => {
    const model = await w.made(1);
    const input = { model, number: 1, key: 'k', value: 'v' };
    return { input, events: [`model_version.tag_set ${model}/1 (after)`], onceMore: 'NOTHING' };
  },
  modelVersionUpdate: async (w) => {
    const model = await w.made(1);
    const input = { model, number: 1, description: 'x' };
    return { input, events: [`model_version.updated ${model}/1 (before, after)`], onceMore: 'NOTHING' };
  },
};
