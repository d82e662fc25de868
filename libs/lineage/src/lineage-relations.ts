import sql, { type Sql } from 'sql-template-tag';
import { dataset, type End, instant, loggedModel, type Relation, run, version } from './lineage-relation.js';
import { jobRelations } from './openlineage/relations.js';

/** A value of a run's tags. Both conditions of the index (its expression, its keys) must be in the statement, as they are there. */
const runTag = (kind: 'RUN' | 'SOURCE_CODE'): End => ({
  kind,
  column: 't.value',
  type: 'text',
  through: (keys) => sql`left(t.value, 64) = ANY(ARRAY(SELECT left(key, 64) FROM unnest(${keys}) AS key))`,
});

/** Autologging names the model that a run has made as its input too, beside the data that it was trained on. */
const isNoOutput = `i.direction = 'INPUT'
  AND NOT EXISTS (SELECT 1 FROM run_models o WHERE o.run_id = i.run_id AND o.model_id = i.model_id AND o.direction = 'OUTPUT')
  AND NOT EXISTS (SELECT 1 FROM logged_models m WHERE m.id = i.model_id AND m.source_run_id = i.run_id)`;

/** A run that read a model and made one has trained it further; one that made none has evaluated it, or predicted with it. */
const ofInput = `CASE WHEN EXISTS (SELECT 1 FROM run_models o WHERE o.run_id = i.run_id AND o.direction = 'OUTPUT')
  OR EXISTS (SELECT 1 FROM logged_models m WHERE m.source_run_id = i.run_id) THEN 'TRAINED_FROM' ELSE 'MODEL_INPUT' END`;

const registration = { from: sql`model_versions v`, target: version('v.id'), observedAt: 'v.created_at', named: true };

const training: Relation[] = [
  { ...registration, source: run('v.run_id'), edge: `'REGISTERED'` },
  { ...registration, source: loggedModel('v.logged_model_id'), edge: `'REGISTERED'` },
  { ...registration, source: version('v.copied_from_id'), edge: `'COPIED'` },
  {
    from: sql`logged_models m`,
    source: run('m.source_run_id'),
    target: loggedModel('m.id'),
    edge: `'OUTPUT'`,
    observedAt: instant('m.created_ms'),
    named: true,
  },
  {
    from: sql`run_models o`,
    source: run('o.run_id'),
    target: loggedModel('o.model_id'),
    edge: `'OUTPUT'`,
    observedAt: 'o.logged_at',
    where: `o.direction = 'OUTPUT'`,
    named: true,
  },
  {
    from: sql`run_inputs i`,
    source: dataset('i.dataset_id'),
    target: run('i.run_id'),
    edge: `'DATASET_INPUT'`,
    observedAt: 'i.logged_at',
    context: `(SELECT t ->> 'value' FROM jsonb_array_elements(i.tags) AS t WHERE t ->> 'key' = 'mlflow.data.context' LIMIT 1)`,
    named: true,
  },
  {
    from: sql`run_models i`,
    source: loggedModel('i.model_id'),
    target: run('i.run_id'),
    edge: ofInput,
    observedAt: 'i.logged_at',
    where: isNoOutput,
    named: true,
  },
  // The versions that were registered from the model that a run has read.
  {
    from: sql`run_models i JOIN model_versions v ON v.logged_model_id = i.model_id`,
    source: version('v.id'),
    target: run('i.run_id'),
    edge: ofInput,
    observedAt: 'greatest(i.logged_at, v.created_at)',
    where: isNoOutput,
    named: false,
  },
];

const ofRun = instant('(SELECT r.start_time FROM runs r WHERE r.id = t.run_id)');

/** A tag is what its writer likes: it names no run that the reader could not see himself. */
const runTags: Relation[] = [
  {
    from: sql`run_tags t`,
    source: runTag('RUN'),
    target: run('t.run_id'),
    edge: `'PARENT'`,
    observedAt: ofRun,
    where: `t.key = 'mlflow.parentRunId' AND t.value <> t.run_id`,
    named: false,
    isAside: true,
  },
  {
    from: sql`run_tags t`,
    source: runTag('SOURCE_CODE'),
    target: run('t.run_id'),
    edge: `'SOURCE_CODE'`,
    observedAt: ofRun,
    where: `t.key = 'mlflow.source.git.commit' AND t.value <> ''`,
    named: true,
    isAside: true,
  },
];

const trainedFrom = {
  target: version('t.version_id'),
  edge: `'TRAINED_FROM'`,
  observedAt: '(SELECT v.created_at FROM model_versions v WHERE v.id = t.version_id)',
  named: false,
};
const baseUri = `'models:/' || o.full_name || '/' || b.number`;

/** The tag `trained_from` of a version: models:/catalog.schema.model/3, or the models:/m-… of a logged model. */
const versionTags: Relation[] = [
  {
    ...trainedFrom,
    // One way leads from the tag to the name that it holds, the other from a name to the index of the tags.
    from: sql`model_version_tags t
      JOIN securables o ON o.kind = 'REGISTERED_MODEL'
        AND o.full_name_key = lower(substring(t.value FROM '^models:/([^/]+)/[0-9]{1,9}$'))
      JOIN model_versions b ON b.model_id = o.id AND b.number = substring(t.value FROM '^models:/[^/]+/([0-9]{1,9})$')::int4`,
    source: version('b.id'),
    where: `t.key = 'trained_from' AND left(t.value, 200) = left(${baseUri}, 200) AND t.value = ${baseUri}
      AND b.id <> t.version_id`,
  },
  {
    ...trainedFrom,
    from: sql`model_version_tags t`,
    source: {
      ...loggedModel('substr(t.value, 9)'),
      through: (keys) => sql`left(t.value, 200) = ANY(ARRAY(SELECT 'models:/' || key FROM unnest(${keys}) AS key))`,
    },
    where: `t.key = 'trained_from' AND t.value ~ '^models:/m-[0-9a-f]{32}$'`,
  },
];

const judgedOn = `COALESCE(g.inputs ->> 'datasetDigest', g.inputs -> 'candidate' ->> 'datasetDigest')`;
const judgedOnName = `COALESCE(g.inputs ->> 'datasetName', g.inputs -> 'candidate' ->> 'datasetName')`;
const judgement = {
  target: { kind: 'EVALUATION', column: 'g.id', type: 'uuid' } as const,
  observedAt: 'COALESCE(g.finished_at, g.queued_at)',
  isAside: true as const,
};
const isJudged = `g.status IN ('PASSED', 'FAILED', 'WAIVED') AND ${judgedOn} IS NOT NULL`;

/** Runs of gates that have judged a version on data: a dataset of MLflow by name and digest, or a holdout by its digest. */
const evaluation: Relation[] = [
  {
    ...judgement,
    from: sql`gate_runs g`,
    source: version('g.version_id'),
    edge: `'EVALUATED'`,
    where: isJudged,
    named: false,
  },
  {
    ...judgement,
    from: sql`gate_runs g JOIN model_versions v ON v.id = g.version_id JOIN runs r ON r.id = v.run_id
      JOIN datasets d ON d.experiment_id = r.experiment_id`,
    source: dataset('d.id'),
    edge: `'EVALUATED_ON'`,
    where: `${isJudged} AND left(${judgedOn}, 80) = left(d.digest, 80) AND d.digest = ${judgedOn} AND d.name = ${judgedOnName}`,
    named: true,
  },
  {
    ...judgement,
    from: sql`gate_runs g`,
    source: { kind: 'HOLDOUT', column: `left(${judgedOn}, 80)`, type: 'text' },
    edge: `'EVALUATED_ON'`,
    where: `${isJudged} AND g.type = 'HOLDOUT_EVALUATION'`,
    named: true,
  },
];

/** Where versions are served, as their servers say: seen by whoever may load them. */
const serving: Relation = {
  from: sql`model_endpoints x`,
  source: version('x.version_id'),
  target: { kind: 'ENDPOINT', column: 'x.id', type: 'uuid' },
  edge: `'SERVED_AT'`,
  observedAt: 'x.reported_at',
  endedAt: 'x.retired_at',
  named: false,
  isAside: true,
};

/** @param mayNameConsumers a predicate over the row `s` of securables: of a model whose consumers the viewer may know */
const consumption = (mayNameConsumers: Sql): Relation => ({
  from: sql`model_version_consumers c JOIN securables s ON s.id = c.model_id AND ${mayNameConsumers}`,
  source: version('c.version_id'),
  target: { kind: 'CONSUMER', column: 'c.principal_id', type: 'uuid' },
  edge: `'CONSUMED'`,
  observedAt: 'c.first_at',
  named: false,
  isAside: true,
});

/** All kinds of edges, each with the rule who sees it. @param mayNameConsumers of whose models the viewer may know the consumers */
export const relationsFor = (mayNameConsumers: Sql): Relation[] => [
  ...training,
  ...runTags,
  ...versionTags,
  ...evaluation,
  ...jobRelations,
  serving,
  consumption(mayNameConsumers),
];
