-- AlterTable
ALTER TABLE "datasets" ADD COLUMN     "location" TEXT;

-- CreateTable
CREATE TABLE "jobs" (
    "id" UUID NOT NULL,
    "experiment_id" BIGINT NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_event_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "jobs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "job_runs" (
    "job_id" UUID NOT NULL,
    "run_id" UUID NOT NULL,
    "state" TEXT,
    "state_at" TIMESTAMPTZ(3),
    "started_at" TIMESTAMPTZ(3),
    "first_event_at" TIMESTAMPTZ(3) NOT NULL,
    "last_event_at" TIMESTAMPTZ(3) NOT NULL,
    "parent_run_id" UUID,
    "parent_job" TEXT,

    CONSTRAINT "job_runs_pkey" PRIMARY KEY ("job_id","run_id")
);

-- CreateTable
CREATE TABLE "job_datasets" (
    "job_id" UUID NOT NULL,
    "dataset_id" UUID NOT NULL,
    "direction" TEXT NOT NULL,
    "first_observed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_observed_at" TIMESTAMPTZ(3) NOT NULL,
    "run_id" UUID,

    CONSTRAINT "job_datasets_pkey" PRIMARY KEY ("job_id","direction","dataset_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "jobs_experiment_id_name_key" ON "jobs"("experiment_id", "name");

-- CreateIndex
CREATE INDEX "job_runs_job_id_first_event_at_run_id_idx" ON "job_runs"("job_id", "first_event_at" DESC, "run_id" DESC);

-- CreateIndex
CREATE INDEX "job_datasets_dataset_id_direction_idx" ON "job_datasets"("dataset_id", "direction");

-- CreateIndex
CREATE INDEX "datasets_location_idx" ON "datasets" USING HASH ("location");

-- AddForeignKey
ALTER TABLE "jobs" ADD CONSTRAINT "jobs_experiment_id_fkey" FOREIGN KEY ("experiment_id") REFERENCES "experiments"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "job_runs" ADD CONSTRAINT "job_runs_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "jobs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "job_datasets" ADD CONSTRAINT "job_datasets_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "jobs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "job_datasets" ADD CONSTRAINT "job_datasets_dataset_id_fkey" FOREIGN KEY ("dataset_id") REFERENCES "datasets"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What may stand in a direction and a state.
ALTER TABLE "job_datasets" ADD CONSTRAINT "job_datasets_direction_check" CHECK ("direction" IN ('INPUT', 'OUTPUT'));
ALTER TABLE "job_runs" ADD CONSTRAINT "job_runs_state_check" CHECK ("state" IN ('START', 'RUNNING', 'COMPLETE', 'ABORT', 'FAIL'));

-- Where data is, spelled in one way (docs/openlineage.md): schemes in lower case and by their usual names, one slash between the
-- authority and the path, none at the end.
CREATE FUNCTION spelled_location(uri text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  scheme text := lower(substring(uri FROM '^([A-Za-z][A-Za-z0-9+.-]*):'));
  rest text;
BEGIN
  IF uri ~ '^/[^/]' THEN
    scheme := 'file';
    uri := 'file://' || uri;
  ELSIF scheme = 'file' AND uri !~* '^file://' THEN
    uri := 'file:///' || ltrim(substr(uri, 6), '/');
  END IF;
  IF scheme IS NULL OR uri !~ '^[^:]+://.' OR length(uri) > 2000 THEN RETURN NULL; END IF;
  rest := rtrim(regexp_replace(substr(uri, length(scheme) + 4), '^([^/]*)/+', '\1/'), '/');
  -- What is in the memory of one process is nowhere else.
  IF rest = '' OR scheme = 'inmemory' THEN RETURN NULL; END IF;
  RETURN CASE scheme WHEN 's3a' THEN 's3' WHEN 's3n' THEN 's3' WHEN 'gcs' THEN 'gs' WHEN 'postgresql' THEN 'postgres' ELSE scheme END
    || '://' || rest;
END $$;

-- Where a dataset is by its source: MLflow's {"uri": …}, {"url": …}, {"path": …} or a bare URI; OpenLineage's {"namespace": …, "name": …}.
CREATE FUNCTION dataset_location(source text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  told jsonb;
  namespace text;
  uri text;
BEGIN
  BEGIN
    told := source::jsonb;
  EXCEPTION WHEN OTHERS THEN
    RETURN spelled_location(source);
  END;
  IF jsonb_typeof(told) <> 'object' THEN RETURN NULL; END IF;
  IF jsonb_typeof(told -> 'namespace') = 'string' AND jsonb_typeof(told -> 'name') = 'string' THEN
    namespace := rtrim(told ->> 'namespace', '/');
    IF namespace IN ('file', 'file:') THEN RETURN spelled_location('file:///' || ltrim(told ->> 'name', '/')); END IF;
    IF namespace LIKE '%://%' THEN RETURN spelled_location(namespace || '/' || ltrim(told ->> 'name', '/')); END IF;
    IF namespace IN ('inmemory', 'inmemory:') THEN RETURN NULL; END IF;
    -- A namespace without an authority, as bigquery.
    RETURN COALESCE(spelled_location(namespace || '://' || (told ->> 'name')), left(namespace || '://' || (told ->> 'name'), 2000));
  END IF;
  SELECT told ->> key INTO uri FROM unnest(ARRAY['uri', 'url', 'path']) WITH ORDINALITY AS k(key, place)
  WHERE jsonb_typeof(told -> key) = 'string' ORDER BY place LIMIT 1;
  RETURN spelled_location(uri);
END $$;

CREATE FUNCTION locate_dataset() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.location := dataset_location(NEW.source);
  RETURN NEW;
END $$;

CREATE TRIGGER datasets_located BEFORE INSERT OR UPDATE OF source ON datasets FOR EACH ROW EXECUTE FUNCTION locate_dataset();

-- Data that runs have read before.
UPDATE datasets SET location = dataset_location(source);
