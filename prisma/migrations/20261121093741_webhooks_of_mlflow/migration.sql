-- AlterTable
ALTER TABLE "webhook_event_types" ADD COLUMN     "mlflow_model" TEXT,
ADD COLUMN     "mlflow_prompt" TEXT;

-- AlterTable
ALTER TABLE "webhooks" ADD COLUMN     "format" TEXT NOT NULL DEFAULT 'CLOUD_EVENTS',
ALTER COLUMN "secret" DROP NOT NULL;

ALTER TABLE "webhooks" ADD CONSTRAINT webhooks_format CHECK (format IN ('CLOUD_EVENTS', 'MLFLOW') AND (format = 'MLFLOW' OR secret IS NOT NULL));

UPDATE "webhook_event_types" t SET mlflow_model = m.model, mlflow_prompt = m.prompt
FROM (VALUES
  ('registered_model.created', 'registered_model.created', 'prompt.created'),
  ('registered_model.tag_set', NULL, 'prompt_tag.set'),
  ('registered_model.tag_deleted', NULL, 'prompt_tag.deleted'),
  ('model_version.registered', 'model_version.created', 'prompt_version.created'),
  ('model_version.tag_set', 'model_version_tag.set', 'prompt_version_tag.set'),
  ('model_version.tag_deleted', 'model_version_tag.deleted', 'prompt_version_tag.deleted'),
  ('model_alias.set', 'model_version_alias.created', 'prompt_alias.created'),
  ('model_alias.deleted', 'model_version_alias.deleted', 'prompt_alias.deleted')
) AS m(type, model, prompt) WHERE m.type = t.type;

-- As before, and a webhook of MLflow's format hears of what it asked for in MLflow's words, which tell models from prompts:
-- a prompt is a model with a tag.
CREATE OR REPLACE FUNCTION make_webhook_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Most installations, and all that have no webhook, are done here.
  IF NOT EXISTS (SELECT 1 FROM webhooks WHERE status = 'ACTIVE') THEN RETURN NULL; END IF;
  WITH made AS (
    INSERT INTO webhook_deliveries (webhook_id, event_id, event_type, give_up_at)
    SELECT w.id, e.id, CASE w.format WHEN 'MLFLOW' THEN m.word ELSE e.action END, now() + interval '24 hours'
    FROM recorded e
    JOIN webhook_event_types t ON t.type = e.action
    CROSS JOIN LATERAL (SELECT CASE WHEN t.mlflow_prompt IS NOT NULL AND EXISTS (
        SELECT 1 FROM securable_tags p
        WHERE p.securable_id = e.securable_id AND p.key = 'mlflow.prompt.is_prompt' AND lower(p.value) = 'true')
      THEN t.mlflow_prompt ELSE t.mlflow_model END AS word) m
    JOIN webhooks w ON w.status = 'ACTIVE'
      AND w.securable_id IN (e.securable_id, e.schema_id, e.catalog_id, '00000000-0000-7000-8000-000000000010')
      AND CASE w.format WHEN 'MLFLOW' THEN m.word = ANY(w.event_types)
        ELSE w.event_types && ARRAY['*', split_part(e.action, '.', 1) || '.*', e.action] END
    WHERE e.outcome = 'ALLOWED'
    RETURNING webhook_id)
  INSERT INTO outbox (event, payload)
  SELECT DISTINCT 'webhook.due', jsonb_build_object('webhookId', webhook_id) FROM made;
  RETURN NULL;
END $$;
