-- DropIndex
DROP INDEX "metrics_model_id_idx";

-- CreateTable
CREATE TABLE "logged_model_metrics" (
    "model_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,
    "value" DOUBLE PRECISION NOT NULL,
    "is_nan" BOOLEAN NOT NULL DEFAULT false,
    "timestamp" BIGINT NOT NULL,
    "step" BIGINT NOT NULL DEFAULT 0,
    "dataset_name" TEXT,
    "dataset_digest" TEXT,

    CONSTRAINT "logged_model_metrics_pkey" PRIMARY KEY ("model_id","key","run_id","timestamp","step","value","is_nan")
);

-- CreateIndex
CREATE INDEX "logged_model_metrics_run_id_idx" ON "logged_model_metrics"("run_id");

-- AddForeignKey
ALTER TABLE "logged_model_metrics" ADD CONSTRAINT "logged_model_metrics_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "logged_models"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "logged_model_metrics" ADD CONSTRAINT "logged_model_metrics_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What was logged for models so far.
INSERT INTO "logged_model_metrics" (model_id, key, run_id, value, is_nan, timestamp, step, dataset_name, dataset_digest)
SELECT m.model_id, m.key, m.run_id, m.value, m.is_nan, m.timestamp, m.step, m.dataset_name, m.dataset_digest
FROM "metrics" m JOIN "logged_models" l ON l.id = m.model_id;
