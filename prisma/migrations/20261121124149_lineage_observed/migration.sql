-- AlterTable
ALTER TABLE "run_inputs" ADD COLUMN     "logged_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- AlterTable
ALTER TABLE "run_models" ADD COLUMN     "logged_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- CreateIndex
CREATE INDEX "datasets_digest_name_idx" ON "datasets"("digest", "name");

-- CreateIndex
CREATE INDEX "gate_runs_version_id_idx" ON "gate_runs"("version_id");

-- What was there before is as old as its run, as far as the client told the truth; any whole number may stand there.
UPDATE run_inputs i SET logged_at = least(now(), to_timestamp(greatest(0, least(r.start_time, 253402300799000)) / 1000.0))
FROM runs r WHERE r.id = i.run_id;
UPDATE run_models i SET logged_at = least(now(), to_timestamp(greatest(0, least(r.start_time, 253402300799000)) / 1000.0))
FROM runs r WHERE r.id = i.run_id;

-- What was judged on a dataset is found by its digest, of which an entry of an index has room for the beginning; a comparison
-- of two versions names it for each of them.
CREATE INDEX "gate_runs_dataset" ON "gate_runs" (left(COALESCE(inputs ->> 'datasetDigest', inputs -> 'candidate' ->> 'datasetDigest'), 80))
  WHERE COALESCE(inputs ->> 'datasetDigest', inputs -> 'candidate' ->> 'datasetDigest') IS NOT NULL;

-- The versions that were trained from one are found by the value of a tag, which may be longer than an entry of an index.
CREATE INDEX "model_version_tags_trained_from" ON "model_version_tags" (left(value, 200)) WHERE key = 'trained_from';
