-- DropIndex
DROP INDEX "run_models_model_id_idx";

-- CreateIndex
CREATE INDEX "run_models_model_id_direction_run_id_idx" ON "run_models"("model_id", "direction", "run_id");
