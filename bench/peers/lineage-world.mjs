// A large lineage graph for one question: what was a version made of? Written in SQL, row by row the same in every run.

const principal = '00000000-0000-7000-8000-0000000000a0';
const owner = '00000000-0000-7000-8000-0000000000a1';
/** She may read the experiment and load the models, by a grant on each of the two and on the catalog. */
export const ada = { id: principal, name: 'ada', kind: 'USER' };

/** Edges that follow from one run: three datasets, a logged model, its version from both, and two bases that each are both. */
export const edgesPerRun = 10;
const runsPerDataset = 10;
const versionsPerModel = 10;

const hex = (text) => `md5(${text})`;
const uuid = (text) => `md5(${text})::uuid`;

/**
 * Run n reads three datasets, and the models of two runs of the tenth before it; its model is registered. So the graph is deep,
 * wide, and without cycles.
 */
export const worldSql = (runs) => `
  INSERT INTO principals (id, kind, name, name_key) VALUES
    ('${principal}', 'USER', 'ada', 'ada'), ('${owner}', 'USER', 'owner', 'owner');
  INSERT INTO securables (id, kind, parent_id, catalog_id, schema_id, name, full_name, full_name_key, owner_id)
  SELECT id, kind, parent, catalog, schema, name, full_name, full_name, '${owner}' FROM (VALUES
    (${uuid(`'c'`)}, 'CATALOG', '00000000-0000-7000-8000-000000000010'::uuid, ${uuid(`'c'`)}, NULL::uuid, 'c', 'c'),
    (${uuid(`'s'`)}, 'SCHEMA', ${uuid(`'c'`)}, ${uuid(`'c'`)}, ${uuid(`'s'`)}, 's', 'c.s'),
    (${uuid(`'e'`)}, 'EXPERIMENT', '00000000-0000-7000-8000-000000000010'::uuid, NULL, NULL, '/lab', '/lab'))
    AS given(id, kind, parent, catalog, schema, name, full_name);
  INSERT INTO experiments (id, securable_id, artifact_location) VALUES (7, ${uuid(`'e'`)}, 'x');
  INSERT INTO grants (id, securable_id, principal_id, privilege)
  SELECT gen_random_uuid(), id, '${principal}', privilege FROM (VALUES
    (${uuid(`'c'`)}, 'USE_CATALOG'), (${uuid(`'c'`)}, 'USE_SCHEMA'), (${uuid(`'c'`)}, 'EXECUTE'), (${uuid(`'e'`)}, 'READ'))
    AS given(id, privilege);
  INSERT INTO securables (id, kind, parent_id, catalog_id, schema_id, name, full_name, full_name_key, owner_id)
  SELECT ${uuid(`'m' || n`)}, 'REGISTERED_MODEL', ${uuid(`'s'`)}, ${uuid(`'c'`)}, ${uuid(`'s'`)}, 'm' || n, 'c.s.m' || n, 'c.s.m' || n, '${owner}'
  FROM generate_series(0, ${Math.ceil(runs / versionsPerModel)}) AS n;
  INSERT INTO registered_models (id) SELECT id FROM securables WHERE kind = 'REGISTERED_MODEL';

  INSERT INTO runs (id, experiment_id, name, user_id, start_time, artifact_uri)
  SELECT ${hex(`'r' || n`)}, 7, 'run ' || n, 'ada', 1700000000000 + n, 'x' FROM generate_series(0, ${runs - 1}) AS n;
  INSERT INTO datasets (id, experiment_id, name, digest, source_type, source)
  SELECT ${uuid(`'d' || n`)}, 7, 'data ' || n, ${hex(`n::text`)}, 'local', '{}' FROM generate_series(0, ${Math.ceil(runs / runsPerDataset)}) AS n;
  INSERT INTO run_inputs (run_id, dataset_id, tags)
  SELECT DISTINCT ON (1, 2) ${hex(`'r' || n`)}, ${uuid(`'d' || n * k * 7919::int8 % ${Math.ceil(runs / runsPerDataset)}`)}, '[{"key": "mlflow.data.context", "value": "training"}]'::jsonb
  FROM generate_series(0, ${runs - 1}) AS n, generate_series(1, 3) AS k;
  INSERT INTO logged_models (id, experiment_id, name, source_run_id, artifact_uri, created_ms, updated_ms)
  SELECT 'm-' || ${hex(`'l' || n`)}, 7, 'model ' || n, ${hex(`'r' || n`)}, 'x', 1700000000000 + n, 1700000000000 + n
  FROM generate_series(0, ${runs - 1}) AS n;
  INSERT INTO run_models (run_id, model_id, direction)
  SELECT DISTINCT ${hex(`'r' || n`)}, 'm-' || ${hex(`'l' || n * 9 / 10 - k * (1 + n % 97)`)}, 'INPUT'
  FROM generate_series(1000, ${runs - 1}) AS n, generate_series(1, 2) AS k;
  INSERT INTO model_versions (id, model_id, number, status, source, run_id, logged_model_id)
  SELECT ${uuid(`'v' || n`)}, ${uuid(`'m' || n / ${versionsPerModel}`)}, 1 + n % ${versionsPerModel}, 'READY', 'x', ${hex(`'r' || n`)}, 'm-' || ${hex(`'l' || n`)}
  FROM generate_series(0, ${runs - 1}) AS n;
  UPDATE access_version SET version = version + 1;`;

/** The version that run n was registered as. @returns {string} a statement */
export const versionOf = (n) => `SELECT ${uuid(`'v${n}'`)} AS id`;

/** What stands upstream of the rows of a table or a CTE: the edges of this world, and no others. */
const upstreamOf = (rows) => `
  FROM ${rows}, LATERAL (
    SELECT 'RUN' AS kind, v.run_id AS key, 'REGISTERED' AS edge, v.created_at AS at FROM model_versions v
    WHERE w.kind = 'MODEL_VERSION' AND v.id = CASE WHEN w.kind = 'MODEL_VERSION' THEN w.key::uuid END AND v.run_id IS NOT NULL
    UNION ALL
    SELECT 'LOGGED_MODEL', v.logged_model_id, 'REGISTERED', v.created_at FROM model_versions v
    WHERE w.kind = 'MODEL_VERSION' AND v.id = CASE WHEN w.kind = 'MODEL_VERSION' THEN w.key::uuid END AND v.logged_model_id IS NOT NULL
    UNION ALL
    SELECT 'RUN', m.source_run_id, 'OUTPUT', to_timestamp(m.created_ms / 1000.0) FROM logged_models m
    WHERE w.kind = 'LOGGED_MODEL' AND m.id = w.key AND m.source_run_id IS NOT NULL
    UNION ALL
    SELECT 'DATASET', i.dataset_id::text, 'DATASET_INPUT', i.logged_at FROM run_inputs i WHERE w.kind = 'RUN' AND i.run_id = w.key
    UNION ALL
    SELECT 'LOGGED_MODEL', i.model_id, 'TRAINED_FROM', i.logged_at FROM run_models i
    WHERE w.kind = 'RUN' AND i.run_id = w.key AND i.direction = 'INPUT'
    UNION ALL
    SELECT 'MODEL_VERSION', v.id::text, 'TRAINED_FROM', i.logged_at FROM run_models i JOIN model_versions v ON v.logged_model_id = i.model_id
    WHERE w.kind = 'RUN' AND i.run_id = w.key AND i.direction = 'INPUT') AS near`;

/** One statement for the one question: the nodes with names and depths, and the edges among them, of what ada may see. */
export const byHand = `
  WITH RECURSIVE walk(kind, key, depth) AS (
    SELECT 'MODEL_VERSION', $1::text, 0
    UNION
    SELECT near.kind, near.key, w.depth + 1 ${upstreamOf('walk w')} WHERE w.depth < $2
  ), reached AS MATERIALIZED (SELECT kind, key, min(depth) AS depth FROM walk GROUP BY 1, 2),
  granted AS MATERIALIZED (SELECT securable_id FROM grants WHERE principal_id = $3 AND privilege IN ('READ', 'EXECUTE')),
  nodes AS MATERIALIZED (
    SELECT n.kind, n.key, n.depth, CASE n.kind WHEN 'RUN' THEN r.name WHEN 'DATASET' THEN d.name WHEN 'LOGGED_MODEL' THEN m.name
      ELSE s.full_name || '/' || v.number END AS name
    FROM reached n
      LEFT JOIN runs r ON n.kind = 'RUN' AND r.id = n.key
      LEFT JOIN datasets d ON d.id = CASE WHEN n.kind = 'DATASET' THEN n.key::uuid END
      LEFT JOIN logged_models m ON n.kind = 'LOGGED_MODEL' AND m.id = n.key
      LEFT JOIN model_versions v ON v.id = CASE WHEN n.kind = 'MODEL_VERSION' THEN n.key::uuid END
      LEFT JOIN experiments e ON e.id = COALESCE(r.experiment_id, d.experiment_id, m.experiment_id)
      LEFT JOIN securables s ON s.id = COALESCE(e.securable_id, v.model_id)
    WHERE s.id IN (SELECT securable_id FROM granted) OR s.catalog_id IN (SELECT securable_id FROM granted))
  SELECT (SELECT json_agg(json_build_array(depth, kind, key, name) ORDER BY depth, kind, key) FROM nodes) AS nodes,
    (SELECT json_agg(json_build_array(near.kind, near.key, w.kind, w.key, near.edge, near.at)) ${upstreamOf('nodes w')}
      WHERE EXISTS (SELECT 1 FROM nodes n WHERE n.kind = near.kind AND n.key = near.key)) AS edges`;
