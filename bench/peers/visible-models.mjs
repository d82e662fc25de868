// The models that a person may see, in SQL written by hand for this one question, in several ways: which one is best
// depends on how much the person holds. No cache, no decision core, and only the privileges that the seeded grants can
// hold. It must find what the service finds (docs/domain.md, section 3). $1: the person; $2, $3: the last model of the
// page before, by key and id.
const live = (grant) => `(${grant}.expires_at IS NULL OR ${grant}.expires_at > now())`;
const reads = `('EXECUTE', 'APPLY_TAG', 'SET_ALIAS', 'ALL_PRIVILEGES')`;

const who = `
  WITH RECURSIVE held(id) AS (
    SELECT $1::uuid
    UNION
    SELECT m.group_id FROM group_members m JOIN held ON m.member_id = held.id
  ),
  who AS (SELECT id FROM held UNION SELECT '00000000-0000-7000-8000-000000000001'::uuid)`;

/** All that the person holds, as sets of ids. */
const bySets = {
  with: `${who},
    live AS (
      SELECT g.securable_id AS id, g.privilege FROM grants g WHERE g.principal_id IN (SELECT id FROM who) AND ${live('g')}
    ),
    use_catalog AS (SELECT id FROM live WHERE privilege IN ('USE_CATALOG', 'ALL_PRIVILEGES')),
    use_schema AS (SELECT id FROM live WHERE privilege IN ('USE_SCHEMA', 'ALL_PRIVILEGES')),
    may_read AS (SELECT id FROM live WHERE privilege IN ${reads}),
    may_browse AS (SELECT id FROM live WHERE privilege IN ('BROWSE', 'ALL_PRIVILEGES'))`,
  visible: `(s.catalog_id IN (SELECT id FROM may_browse) OR (
    s.catalog_id IN (SELECT id FROM use_catalog)
    AND (s.catalog_id IN (SELECT id FROM use_schema) OR s.schema_id IN (SELECT id FROM use_schema))
    AND (s.id IN (SELECT id FROM may_read) OR s.schema_id IN (SELECT id FROM may_read)
      OR s.catalog_id IN (SELECT id FROM may_read) OR s.owner_id IN (SELECT id FROM who))))`,
};

/** Nothing is read in advance: the grants on each model's path are looked up. */
const held = (privileges, ...places) => `EXISTS (SELECT 1 FROM grants g WHERE g.securable_id IN (${places.join(', ')})
  AND g.principal_id = ANY((SELECT ids FROM who_array)::uuid[]) AND g.privilege IN ${privileges} AND ${live('g')})`;
const whoArray = `${who}, who_array AS MATERIALIZED (SELECT array_agg(id) AS ids FROM who)`;
const byProbes = {
  with: whoArray,
  visible: `(${held(`('BROWSE', 'ALL_PRIVILEGES')`, 's.catalog_id')} OR (
    ${held(`('USE_CATALOG', 'ALL_PRIVILEGES')`, 's.catalog_id')}
    AND ${held(`('USE_SCHEMA', 'ALL_PRIVILEGES')`, 's.catalog_id', 's.schema_id')}
    AND (s.owner_id = ANY((SELECT ids FROM who_array)::uuid[]) OR ${held(reads, 's.id', 's.schema_id', 's.catalog_id')})))`,
};

/** The few schemas are decided first; a model is looked at by itself only where its schema does not decide it. */
const schemasFirst = `${whoArray},
  flags AS MATERIALIZED (
    SELECT g.securable_id AS id, bool_or(g.privilege IN ('BROWSE', 'ALL_PRIVILEGES')) AS browse,
      bool_or(g.privilege IN ('USE_CATALOG', 'ALL_PRIVILEGES')) AS use_catalog,
      bool_or(g.privilege IN ('USE_SCHEMA', 'ALL_PRIVILEGES')) AS use_schema, bool_or(g.privilege IN ${reads}) AS read
    FROM grants g JOIN securables c ON c.id = g.securable_id AND c.kind IN ('CATALOG', 'SCHEMA')
    WHERE g.principal_id = ANY((SELECT ids FROM who_array)::uuid[]) AND ${live('g')} GROUP BY g.securable_id
  ),
  open AS MATERIALIZED (
    SELECT o.id, COALESCE(c.browse, FALSE) OR COALESCE(c.read, FALSE) OR COALESCE(f.read, FALSE) AS whole
    FROM securables o LEFT JOIN flags c ON c.id = o.catalog_id LEFT JOIN flags f ON f.id = o.id
    WHERE o.kind = 'SCHEMA' AND (c.browse OR c.use_catalog AND (c.use_schema OR f.use_schema))
  )`;
const bySchemas = {
  with: schemasFirst,
  visible: `(s.schema_id IN (SELECT id FROM open WHERE whole) OR s.schema_id IN (SELECT id FROM open WHERE NOT whole) AND (
    s.owner_id = ANY((SELECT ids FROM who_array)::uuid[]) OR ${held(reads, 's.id')}))`,
};
const bySchemasAndSet = {
  with: `${schemasFirst},
    may_read AS (
      SELECT g.securable_id AS id FROM grants g
      WHERE g.principal_id = ANY((SELECT ids FROM who_array)::uuid[]) AND g.privilege IN ${reads} AND ${live('g')}
    )`,
  visible: `(s.schema_id IN (SELECT id FROM open WHERE whole) OR s.schema_id IN (SELECT id FROM open WHERE NOT whole) AND (
    s.owner_id = ANY((SELECT ids FROM who_array)::uuid[]) OR s.id IN (SELECT id FROM may_read)))`,
};

const columns = `s.id, s.kind, s.parent_id, s.catalog_id, s.schema_id, s.owner_id, s.name, s.full_name, s.description,
  s.created_at, s.created_by, s.updated_at, s.updated_by, s.full_name_key`;
const isModel = `s.kind = 'REGISTERED_MODEL'`;
const variants = {
  'hashed sets': bySets,
  'look-ups for each model': byProbes,
  'schemas first, look-ups': bySchemas,
  'schemas first, a hashed set': bySchemasAndSet,
};
const each = (textOf) => Object.entries(variants).map(([name, variant]) => ({ name, text: textOf(variant) }));

export const countVariants = [
  ...each(
    ({ with: ctes, visible }) => `${ctes} SELECT count(*) AS count FROM securables s WHERE ${isModel} AND ${visible}`,
  ),
  {
    name: 'schemas first, two counts',
    text: `${schemasFirst}
      SELECT (SELECT count(*) FROM securables s WHERE ${isModel} AND s.schema_id IN (SELECT id FROM open WHERE whole))
        + (SELECT count(*) FROM (
          SELECT s.id FROM grants g JOIN securables s ON s.id = g.securable_id AND ${isModel}
            JOIN open ON open.id = s.schema_id AND NOT open.whole
          WHERE g.principal_id = ANY((SELECT ids FROM who_array)::uuid[]) AND g.privilege IN ${reads} AND ${live('g')}
          UNION
          SELECT s.id FROM securables s JOIN open ON open.id = s.schema_id AND NOT open.whole
          WHERE ${isModel} AND s.owner_id = ANY((SELECT ids FROM who_array)::uuid[])) AS single) AS count`,
  },
];
const page = (behind) =>
  each(
    ({ with: ctes, visible }) =>
      `${ctes} SELECT ${columns} FROM securables s WHERE ${isModel} AND ${visible}${behind} ORDER BY s.full_name_key, s.id LIMIT 51`,
  );
export const firstPageVariants = page('');
export const deepPageVariants = page(' AND (s.full_name_key, s.id) > ($2::text, $3::uuid)');
