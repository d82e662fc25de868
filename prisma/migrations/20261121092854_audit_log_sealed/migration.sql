-- CreateTable
CREATE TABLE "unsealed_events" (
    "position" BIGSERIAL NOT NULL,
    "event_id" UUID NOT NULL,

    CONSTRAINT "unsealed_events_pkey" PRIMARY KEY ("position")
);

-- CreateTable
CREATE TABLE "sealed_events" (
    "sequence" BIGINT NOT NULL,
    "event_id" UUID NOT NULL,
    "leaf_hash" BYTEA NOT NULL,

    CONSTRAINT "sealed_events_pkey" PRIMARY KEY ("sequence")
);

-- CreateTable
CREATE TABLE "log_tiles" (
    "level" SMALLINT NOT NULL,
    "index" BIGINT NOT NULL,
    "hashes" BYTEA NOT NULL,
    "root" BYTEA NOT NULL,

    CONSTRAINT "log_tiles_pkey" PRIMARY KEY ("level","index")
);

-- CreateTable
CREATE TABLE "log_checkpoints" (
    "tree_size" BIGINT NOT NULL,
    "root_hash" BYTEA NOT NULL,
    "note" TEXT NOT NULL,
    "kid" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "log_checkpoints_pkey" PRIMARY KEY ("tree_size")
);

-- CreateIndex
CREATE UNIQUE INDEX "sealed_events_event_id_key" ON "sealed_events"("event_id");

-- The last step of a transaction that records an event: positions are taken in the order in which transactions commit, as
-- far as anybody can tell that order, and become visible with the events.
CREATE FUNCTION audit_event_committed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO unsealed_events (event_id) VALUES (NEW.id);
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER audit_events_committed AFTER INSERT ON "audit_events"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_event_committed();

-- What was recorded before there was a log.
INSERT INTO "unsealed_events" ("event_id") SELECT id FROM "audit_events" ORDER BY occurred_at, id;

CREATE TRIGGER sealed_events_append_only BEFORE UPDATE OR DELETE ON "sealed_events" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER sealed_events_no_truncate BEFORE TRUNCATE ON "sealed_events" EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_tiles_append_only BEFORE UPDATE OR DELETE ON "log_tiles" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_tiles_no_truncate BEFORE TRUNCATE ON "log_tiles" EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_checkpoints_append_only BEFORE UPDATE OR DELETE ON "log_checkpoints" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_checkpoints_no_truncate BEFORE TRUNCATE ON "log_checkpoints" EXECUTE FUNCTION refuse_change();
