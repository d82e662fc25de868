-- The experiment of each latest metric, taken from its run.
ALTER TABLE "latest_metrics" ADD COLUMN "experiment_id" BIGINT;
UPDATE "latest_metrics" AS m SET experiment_id = r.experiment_id FROM "runs" AS r WHERE r.id = m.run_id;
ALTER TABLE "latest_metrics" ALTER COLUMN "experiment_id" SET NOT NULL;

-- CreateIndex
CREATE INDEX "latest_metrics_experiment_id_key_value_idx" ON "latest_metrics"("experiment_id", "key", "value");

-- CreateIndex
CREATE INDEX "model_versions_updated_at_id_idx" ON "model_versions"("updated_at", "id");

-- CreateIndex
CREATE INDEX "model_versions_created_at_id_idx" ON "model_versions"("created_at", "id");

-- Runs by a param and by a tag. A value may be longer than an entry of an index can be: its beginning finds it.
CREATE INDEX run_params_key_value ON "run_params" (key, "left"(value, 100));
CREATE INDEX run_tags_key_value ON "run_tags" (key, "left"(value, 100));
