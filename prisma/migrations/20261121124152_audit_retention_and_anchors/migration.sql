-- CreateTable
CREATE TABLE "audit_anchors" (
    "id" TEXT NOT NULL,
    "tree_size" BIGINT,
    "root_hash" BYTEA,
    "anchored_at" TIMESTAMPTZ(3),
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "error" TEXT,
    "failed_at" TIMESTAMPTZ(3),
    "inconsistent" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "audit_anchors_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_retention" (
    "class" TEXT NOT NULL,
    "days" INTEGER,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audit_retention_pkey" PRIMARY KEY ("class")
);

-- CreateTable
CREATE TABLE "legal_holds" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "securable_id" UUID NOT NULL,
    "object_kind" TEXT NOT NULL,
    "object_name" TEXT NOT NULL,
    "events_from" TIMESTAMPTZ(3),
    "events_to" TIMESTAMPTZ(3),
    "placed_by" TEXT NOT NULL,
    "placed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "released_by" TEXT,
    "released_at" TIMESTAMPTZ(3),
    "release_reason" TEXT,

    CONSTRAINT "legal_holds_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "legal_holds_name_key" ON "legal_holds"("name");

-- For whoever looks for what was deleted, and by which record.
CREATE INDEX "audit_events_period_deleted" ON "audit_events" (id) WHERE action = 'audit_log.period_deleted';

ALTER TABLE "audit_retention" ADD CONSTRAINT "audit_retention_class"
  CHECK ("class" IN ('REFUSALS', 'CREDENTIALS', 'TRACKING', 'GOVERNANCE'));
ALTER TABLE "audit_retention" ADD CONSTRAINT "audit_retention_days" CHECK ("days" BETWEEN 30 AND 36500);

-- Of a hold nothing changes but that it is released, once.
CREATE TRIGGER legal_holds_released_once BEFORE UPDATE ON "legal_holds" FOR EACH ROW
  WHEN (OLD.released_at IS NOT NULL OR (NEW.id, NEW.name, NEW.reason, NEW.securable_id, NEW.object_kind, NEW.object_name, NEW.events_from, NEW.events_to, NEW.placed_by, NEW.placed_at)
    IS DISTINCT FROM (OLD.id, OLD.name, OLD.reason, OLD.securable_id, OLD.object_kind, OLD.object_name, OLD.events_from, OLD.events_to, OLD.placed_by, OLD.placed_at))
  EXECUTE FUNCTION refuse_change();
CREATE TRIGGER legal_holds_no_delete BEFORE DELETE ON "legal_holds" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER legal_holds_no_truncate BEFORE TRUNCATE ON "legal_holds" EXECUTE FUNCTION refuse_change();

-- The class that decides how long an event is kept (docs/audit.md). Null: for ever. What tells of the log itself is among that: without it
-- nobody could say what was deleted, held, or signed by which key.
CREATE FUNCTION audit_event_class(action text, outcome text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN split_part(action, '.', 1) IN ('audit_log', 'audit_retention', 'legal_hold', 'signing_key') THEN NULL
    WHEN outcome = 'REFUSED' THEN 'REFUSALS'
    WHEN split_part(action, '.', 1) IN ('session', 'access_token') THEN 'CREDENTIALS'
    WHEN split_part(action, '.', 1) IN ('experiment', 'run', 'logged_model', 'artifact') THEN 'TRACKING'
    ELSE 'GOVERNANCE' END
$$;

-- Does a hold keep what happened there and then?
CREATE FUNCTION audit_event_held(securable uuid, schema uuid, catalog uuid, occurred timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT 1 FROM legal_holds h
    WHERE h.released_at IS NULL
      AND h.securable_id IN (securable, schema, catalog, '00000000-0000-7000-8000-000000000010')
      AND (h.events_from IS NULL OR occurred >= h.events_from)
      AND (h.events_to IS NULL OR occurred < h.events_to))
$$;

-- Deletes the content of the sealed events of a class in a range of sequence numbers, and records that in the same transaction. Leaves, tiles
-- and checkpoints stay. Held events stay too, and are counted. One call takes 10,000 numbers, since the record names every one that went.
-- For the operator alone (prisma/purge-audit.mjs): the role of the service may delete no event.
CREATE FUNCTION delete_audit_period(wanted_class text, first_sequence bigint, last_sequence bigint, deleted_by text, why text)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  kept_days integer;
  kept_since timestamptz;
  young bigint;
  held bigint;
  gone int8multirange;
  gone_count bigint;
  record jsonb;
BEGIN
  IF trim(deleted_by) = '' OR trim(why) = '' THEN RAISE EXCEPTION 'who deletes, and why, must be said'; END IF;
  IF first_sequence < 1 OR last_sequence NOT BETWEEN first_sequence AND first_sequence + 9999 THEN
    RAISE EXCEPTION 'from % to %: must be numbers of the log, 10,000 at most', first_sequence, last_sequence;
  END IF;
  -- Until the end no hold is placed, and no retention is changed.
  LOCK TABLE legal_holds, audit_retention IN SHARE MODE;
  SELECT days INTO kept_days FROM audit_retention WHERE class = wanted_class;
  IF kept_days IS NULL THEN RAISE EXCEPTION 'events of the class % are kept for ever', wanted_class; END IF;
  kept_since := now() - make_interval(days => kept_days);

  SELECT min(s.sequence) FILTER (WHERE a.occurred_at >= kept_since),
    count(*) FILTER (WHERE h.is_held), count(*) FILTER (WHERE NOT h.is_held),
    range_agg(int8range(s.sequence, s.sequence, '[]')) FILTER (WHERE NOT h.is_held)
  INTO young, held, gone_count, gone
  FROM sealed_events s JOIN audit_events a ON a.id = s.event_id
  CROSS JOIN LATERAL (SELECT audit_event_held(a.securable_id, a.schema_id, a.catalog_id, a.occurred_at) AS is_held) AS h
  WHERE s.sequence BETWEEN first_sequence AND last_sequence AND audit_event_class(a.action, a.outcome) = wanted_class;
  IF young IS NOT NULL THEN
    RAISE EXCEPTION 'event % is not older than the % days that the class % is kept', young, kept_days, wanted_class;
  END IF;
  IF gone_count = 0 THEN RETURN jsonb_build_object('count', 0, 'held', held); END IF;

  record := jsonb_build_object('class', wanted_class, 'first', first_sequence, 'last', last_sequence, 'count', gone_count,
    'held', held, 'keptDays', kept_days, 'databaseRole', session_user, 'sequences',
    (SELECT jsonb_agg(jsonb_build_array(lower(r), upper(r) - 1) ORDER BY r) FROM unnest(gone) AS r));
  INSERT INTO audit_events (id, actor_name, action, outcome, object_kind, object_name, after, reason)
  VALUES (gen_random_uuid(), deleted_by, 'audit_log.period_deleted', 'ALLOWED', 'AUDIT_LOG', 'audit log', record, why);
  DELETE FROM audit_events a USING sealed_events s
  WHERE s.event_id = a.id AND s.sequence BETWEEN first_sequence AND last_sequence AND s.sequence <@ gone;
  RETURN record;
END $$;
REVOKE ALL ON FUNCTION delete_audit_period FROM PUBLIC;

-- No event goes but one that a record of the same transaction names, and that no hold keeps.
CREATE FUNCTION refuse_unrecorded_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  recorded int8multirange := (
    SELECT range_agg(int8range((r ->> 0)::bigint, (r ->> 1)::bigint, '[]'))
    FROM audit_events e, jsonb_array_elements(e.after -> 'sequences') AS r
    WHERE e.action = 'audit_log.period_deleted' AND e.occurred_at = now()::timestamptz(3));
BEGIN
  IF EXISTS (
    SELECT 1 FROM deleted d LEFT JOIN sealed_events s ON s.event_id = d.id
    WHERE (s.sequence <@ recorded) IS NOT TRUE OR audit_event_held(d.securable_id, d.schema_id, d.catalog_id, d.occurred_at))
  THEN
    RAISE EXCEPTION 'audit_events is append-only: DELETE refused' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER audit_events_append_only ON "audit_events";
CREATE TRIGGER audit_events_append_only BEFORE UPDATE ON "audit_events" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_events_recorded_deletion AFTER DELETE ON "audit_events" REFERENCING OLD TABLE AS deleted
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_unrecorded_deletion();
