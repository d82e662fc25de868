-- CreateTable
CREATE TABLE "webhooks" (
    "id" UUID NOT NULL,
    "securable_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "name_key" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "event_types" TEXT[],
    "description" TEXT,
    "owner_id" UUID NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "disabled_reason" TEXT,
    "disabled_at" TIMESTAMPTZ(3),
    "secret" TEXT NOT NULL,
    "previous_secret" TEXT,
    "previous_secret_until" TIMESTAMPTZ(3),
    "failing_since" TIMESTAMPTZ(3),
    "paused_until" TIMESTAMPTZ(3),
    "lease_holder" UUID,
    "lease_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" UUID,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhooks_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_event_types" (
    "type" TEXT NOT NULL,

    CONSTRAINT "webhook_event_types_pkey" PRIMARY KEY ("type")
);

-- CreateTable
CREATE TABLE "webhook_deliveries" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "webhook_id" UUID NOT NULL,
    "event_id" UUID NOT NULL,
    "event_type" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'PENDING',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "give_up_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_deliveries_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_attempts" (
    "delivery_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "duration_ms" INTEGER NOT NULL,
    "status_code" INTEGER,
    "response" TEXT,
    "error" TEXT,

    CONSTRAINT "webhook_attempts_pkey" PRIMARY KEY ("delivery_id","number")
);

-- CreateIndex
CREATE UNIQUE INDEX "webhooks_securable_id_name_key_key" ON "webhooks"("securable_id", "name_key");

-- CreateIndex
CREATE INDEX "webhook_deliveries_webhook_id_created_at_id_idx" ON "webhook_deliveries"("webhook_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "webhook_deliveries_ended_at_idx" ON "webhook_deliveries"("ended_at");

-- CreateIndex
CREATE UNIQUE INDEX "webhook_deliveries_webhook_id_event_id_key" ON "webhook_deliveries"("webhook_id", "event_id");

-- AddForeignKey
ALTER TABLE "webhooks" ADD CONSTRAINT "webhooks_securable_id_fkey" FOREIGN KEY ("securable_id") REFERENCES "securables"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_attempts" ADD CONSTRAINT "webhook_attempts_delivery_id_fkey" FOREIGN KEY ("delivery_id") REFERENCES "webhook_deliveries"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "webhooks" ADD CONSTRAINT webhooks_status CHECK (status IN ('ACTIVE', 'DISABLED') AND (status = 'DISABLED') = (disabled_at IS NOT NULL) AND (disabled_at IS NULL) = (disabled_reason IS NULL));
ALTER TABLE "webhooks" ADD CONSTRAINT webhooks_previous_secret CHECK ((previous_secret IS NULL) = (previous_secret_until IS NULL));
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT webhook_deliveries_status CHECK (status IN ('PENDING', 'DELIVERED', 'GIVEN_UP', 'WITHHELD') AND (status = 'PENDING') = (ended_at IS NULL));
ALTER TABLE "webhook_attempts" ADD CONSTRAINT webhook_attempts_end CHECK ((status_code IS NULL) <> (error IS NULL));

-- What waits to be sent, of one webhook, the longest due first.
CREATE INDEX webhook_deliveries_pending ON "webhook_deliveries" (webhook_id, due_at, id) WHERE status = 'PENDING';

INSERT INTO "webhook_event_types" (type) VALUES
  ('metastore.owner_changed'), ('metastore.updated'), ('catalog.created'), ('catalog.deleted'), ('catalog.owner_changed'),
  ('catalog.renamed'), ('catalog.tag_deleted'), ('catalog.tag_set'), ('catalog.updated'), ('schema.created'),
  ('schema.deleted'), ('schema.owner_changed'), ('schema.renamed'), ('schema.tag_deleted'), ('schema.tag_set'),
  ('schema.updated'), ('registered_model.created'), ('registered_model.deleted'), ('registered_model.owner_changed'),
  ('registered_model.renamed'), ('registered_model.tag_deleted'), ('registered_model.tag_set'),
  ('registered_model.updated'), ('model_version.completed'), ('model_version.deleted'), ('model_version.failed'),
  ('model_version.registered'), ('model_version.stage_transitioned'), ('model_version.tag_deleted'),
  ('model_version.tag_set'), ('model_version.updated'), ('model_alias.deleted'), ('model_alias.set'),
  ('promotion_request.created'), ('promotion_request.validating'), ('promotion_request.blocked'),
  ('promotion_request.awaiting_approval'), ('promotion_request.changes_requested'), ('promotion_request.approved'),
  ('promotion_request.applied'), ('promotion_request.rejected'), ('promotion_request.cancelled'),
  ('promotion_request.expired'), ('promotion_request.superseded'), ('promotion_request.decided'),
  ('promotion_request.decision_withdrawn'), ('promotion_request.glass_broken'), ('break_glass_review.closed'),
  ('gate_run.finished'), ('gate_waiver.confirmed'), ('gate_waiver.declined'), ('gate_waiver.proposed'),
  ('discussion_comment.made'), ('discussion_thread.opened'), ('discussion_thread.reopened'),
  ('discussion_thread.resolved'), ('policy.created'), ('policy.retired'), ('policy.revised'), ('grant.changed'),
  ('grant.created'), ('grant.revoked'), ('webhook.created'), ('webhook.deleted'), ('webhook.disabled'),
  ('webhook.updated');

-- Each audited change becomes a delivery for every webhook that asked for it, at the object or above it, in the transaction
-- of the change: no path that records a change can leave it out, and nothing is told that was rolled back. The message
-- tells the worker (libs/webhook/src/webhook.events.ts).
CREATE FUNCTION make_webhook_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Most installations, and all that have no webhook, are done here.
  IF NOT EXISTS (SELECT 1 FROM webhooks WHERE status = 'ACTIVE') THEN RETURN NULL; END IF;
  WITH made AS (
    INSERT INTO webhook_deliveries (webhook_id, event_id, event_type, give_up_at)
    SELECT w.id, e.id, e.action, now() + interval '24 hours'
    FROM recorded e
    JOIN webhook_event_types t ON t.type = e.action
    JOIN webhooks w ON w.status = 'ACTIVE'
      AND w.securable_id IN (e.securable_id, e.schema_id, e.catalog_id, '00000000-0000-7000-8000-000000000010')
      AND w.event_types && ARRAY['*', split_part(e.action, '.', 1) || '.*', e.action]
    WHERE e.outcome = 'ALLOWED'
    RETURNING webhook_id)
  INSERT INTO outbox (event, payload)
  SELECT DISTINCT 'webhook.due', jsonb_build_object('webhookId', webhook_id) FROM made;
  RETURN NULL;
END $$;
CREATE TRIGGER make_webhook_deliveries AFTER INSERT ON "audit_events" REFERENCING NEW TABLE AS recorded
  FOR EACH STATEMENT EXECUTE FUNCTION make_webhook_deliveries();
