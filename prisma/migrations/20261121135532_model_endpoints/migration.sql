-- CreateTable
CREATE TABLE "model_endpoints" (
    "id" UUID NOT NULL,
    "model_id" UUID NOT NULL,
    "version_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "name_key" TEXT NOT NULL,
    "url" TEXT,
    "environment" TEXT,
    "reported_by" UUID NOT NULL,
    "reported_at" TIMESTAMPTZ(3) NOT NULL,
    "retired_at" TIMESTAMPTZ(3),

    CONSTRAINT "model_endpoints_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "model_endpoints_model_id_name_key_reported_at_id_idx" ON "model_endpoints"("model_id", "name_key", "reported_at", "id");

-- CreateIndex
CREATE INDEX "model_endpoints_version_id_name_key_reported_at_id_idx" ON "model_endpoints"("version_id", "name_key", "reported_at", "id");

-- AddForeignKey
ALTER TABLE "model_endpoints" ADD CONSTRAINT "model_endpoints_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "registered_models"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Of two that report one name at once, one makes the row.
CREATE UNIQUE INDEX model_endpoints_live ON "model_endpoints" (model_id, name_key) WHERE retired_at IS NULL;
ALTER TABLE "model_endpoints" ADD CONSTRAINT "model_endpoints_retired_check" CHECK (retired_at >= reported_at);

-- What webhooks are told of (libs/webhook/src/event-type.ts).
INSERT INTO "webhook_event_types" (type) VALUES ('model_endpoint.reported'), ('model_endpoint.moved'), ('model_endpoint.retired');
