-- AlterTable
ALTER TABLE "model_versions" ADD COLUMN     "copied_from_id" UUID;

-- CreateTable
CREATE TABLE "model_version_consumers" (
    "version_id" UUID NOT NULL,
    "principal_id" UUID NOT NULL,
    "day" DATE NOT NULL,
    "model_id" UUID NOT NULL,
    "loads" BIGINT NOT NULL,
    "first_at" TIMESTAMPTZ(3) NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "model_version_consumers_pkey" PRIMARY KEY ("version_id","principal_id","day")
);

-- CreateIndex
CREATE INDEX "model_version_consumers_model_id_day_idx" ON "model_version_consumers"("model_id", "day");

-- CreateIndex
CREATE INDEX "model_version_consumers_principal_id_idx" ON "model_version_consumers"("principal_id");

-- CreateIndex
CREATE INDEX "model_versions_logged_model_id_idx" ON "model_versions"("logged_model_id");

-- CreateIndex
CREATE INDEX "model_versions_copied_from_id_idx" ON "model_versions"("copied_from_id");

-- CreateIndex
CREATE INDEX "run_inputs_dataset_id_idx" ON "run_inputs"("dataset_id");

-- The children of a run and the runs of a commit are found by the values of two tags. A value may be longer than an entry
-- of an index: what stands here is longer than any id of a run and any commit.
CREATE INDEX "run_tags_lineage" ON "run_tags" (left(value, 64)) WHERE key IN ('mlflow.parentRunId', 'mlflow.source.git.commit');

-- Copies that were made before: their source names the original, as it was called then.
UPDATE model_versions c SET copied_from_id = o.id
FROM model_versions o JOIN securables s ON s.id = o.model_id
WHERE c.source = 'models:/' || s.full_name || '/' || o.number AND c.id <> o.id;
