ALTER TABLE "model_versions" ADD COLUMN "named_run_id" TEXT, ADD COLUMN "outside_uri" TEXT;

-- Searches ask for the run that clients are shown, whichever of the two columns it stands in.
CREATE INDEX model_versions_shown_run ON "model_versions" (COALESCE(run_id, named_run_id));
