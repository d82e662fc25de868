// A large installation for one question: what may a person see? Written in SQL, row by row the same in every run.

const principal = (n) => `00000000-0000-7000-8000-0000000000a${n}`;

/** ada holds much: her own grants, and those of the three groups that she is in. bob holds next to nothing. carol administers. */
export const people = {
  ada: { id: principal(0), name: 'ada', kind: 'USER' },
  bob: { id: principal(5), name: 'bob', kind: 'USER' },
  carol: { id: principal(6), name: 'carol', kind: 'USER' },
};

/**
 * ada is in team, team in division, division in company. Of forty grants one is on a schema, to use it or to read all in
 * it, the others are on models; they go to the four of them at random. The company may use every second catalog, and
 * every schema of each fourth. bob may read two models of one schema.
 */
export const worldSql = ({ catalogs, schemas, models, grants }) => `
  SELECT setseed(0.5);
  INSERT INTO principals (id, kind, name, name_key)
  SELECT ('${principal('')}' || position - 1)::uuid, CASE WHEN position IN (1, 6, 7) THEN 'USER' ELSE 'GROUP' END, name, name
  FROM unnest(ARRAY['ada', 'team', 'division', 'company', 'others', 'bob', 'carol']) WITH ORDINALITY AS p(name, position);
  INSERT INTO group_members (group_id, member_id)
  SELECT ('${principal('')}' || n)::uuid, ('${principal('')}' || n - 1)::uuid FROM generate_series(1, 3) AS n
  UNION ALL SELECT '00000000-0000-7000-8000-000000000002', '${principal(6)}';

  CREATE TEMPORARY TABLE made AS SELECT kind, n, gen_random_uuid() AS id FROM (
    SELECT 'CATALOG' AS kind, n FROM generate_series(0, ${catalogs - 1}) AS n UNION ALL
    SELECT 'SCHEMA', n FROM generate_series(0, ${schemas - 1}) AS n UNION ALL
    SELECT 'REGISTERED_MODEL', n FROM generate_series(0, ${models - 1}) AS n) AS wanted;
  INSERT INTO securables (id, kind, parent_id, catalog_id, schema_id, name, full_name, full_name_key, owner_id)
  SELECT m.id, m.kind, COALESCE(s.id, c.id, '00000000-0000-7000-8000-000000000010'), COALESCE(c.id, m.id),
    CASE m.kind WHEN 'SCHEMA' THEN m.id ELSE s.id END, named.name, named.full_name, named.full_name, '${principal(4)}'
  FROM made m
    LEFT JOIN made s ON m.kind = 'REGISTERED_MODEL' AND s.kind = 'SCHEMA' AND s.n = m.n % ${schemas}
    LEFT JOIN made c ON c.kind = 'CATALOG' AND m.kind <> 'CATALOG' AND c.n = COALESCE(s.n, m.n) % ${catalogs},
    LATERAL (SELECT lower(left(m.kind, 1)) || m.n AS name,
      concat_ws('.', 'c' || c.n, 's' || s.n, lower(left(m.kind, 1)) || m.n) AS full_name) AS named;
  INSERT INTO registered_models (id) SELECT id FROM made WHERE kind = 'REGISTERED_MODEL';

  INSERT INTO grants (id, securable_id, principal_id, privilege)
  SELECT gen_random_uuid(), id, '${principal(3)}', privilege FROM made, unnest(ARRAY['USE_CATALOG', 'USE_SCHEMA']) AS privilege
  WHERE kind = 'CATALOG' AND n % CASE privilege WHEN 'USE_CATALOG' THEN 2 ELSE 4 END = 0;
  INSERT INTO grants (id, securable_id, principal_id, privilege)
  SELECT gen_random_uuid(), m.id, ('${principal('')}' || drawn.who)::uuid, CASE m.kind
    WHEN 'SCHEMA' THEN (ARRAY['USE_SCHEMA', 'EXECUTE'])[1 + g / 40 % 2]
    ELSE (ARRAY['EXECUTE', 'SET_ALIAS', 'APPLY_TAG'])[1 + g % 3] END
  FROM (SELECT g, floor(random() * 4)::int4 AS who, random() AS share FROM generate_series(1, ${Math.ceil(grants * 1.1)}) AS g) AS drawn
    JOIN made m ON m.kind = CASE g % 40 WHEN 0 THEN 'SCHEMA' ELSE 'REGISTERED_MODEL' END
      AND m.n = floor(share * CASE g % 40 WHEN 0 THEN ${schemas} ELSE ${models} END)::int4
  ON CONFLICT DO NOTHING;
  -- Some were drawn twice: more were drawn than wanted, and what is too much goes.
  DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE securable_id IN (SELECT id FROM made WHERE kind <> 'CATALOG') ORDER BY id OFFSET ${grants});
  INSERT INTO grants (id, securable_id, principal_id, privilege)
  SELECT gen_random_uuid(), id, '${principal(5)}', CASE kind WHEN 'CATALOG' THEN 'USE_CATALOG' WHEN 'SCHEMA' THEN 'USE_SCHEMA' ELSE 'EXECUTE' END
  FROM made WHERE n = 0 OR kind = 'REGISTERED_MODEL' AND n = ${schemas};
  -- The metastore's owner, too, needs the usage gates of what is below.
  INSERT INTO grants (id, securable_id, principal_id, privilege)
  SELECT gen_random_uuid(), id, '${principal(6)}', privilege
  FROM made, unnest(ARRAY['USE_CATALOG', 'USE_SCHEMA']) AS privilege WHERE kind = 'CATALOG';
  UPDATE access_version SET version = version + 1;`;
