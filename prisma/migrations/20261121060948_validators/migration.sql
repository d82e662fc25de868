-- CreateTable
CREATE TABLE "validators" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "name_key" TEXT NOT NULL,
    "description" TEXT,
    "url" TEXT NOT NULL,
    "secret" TEXT NOT NULL,
    "previous_secret" TEXT,
    "previous_secret_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" UUID,
    "disabled_at" TIMESTAMPTZ(3),

    CONSTRAINT "validators_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "validator_calls" (
    "id" UUID NOT NULL,
    "gate_run_id" UUID NOT NULL,
    "validator" TEXT NOT NULL,
    "question_digest" TEXT NOT NULL,
    "token_hash" TEXT NOT NULL,
    "sent_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "report_until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "validator_calls_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "validators_name_key_key" ON "validators"("name_key");

-- CreateIndex
CREATE UNIQUE INDEX "validator_calls_token_hash_key" ON "validator_calls"("token_hash");

-- CreateIndex
CREATE INDEX "validator_calls_gate_run_id_sent_at_idx" ON "validator_calls"("gate_run_id", "sent_at");

-- AddForeignKey
ALTER TABLE "validator_calls" ADD CONSTRAINT "validator_calls_gate_run_id_fkey" FOREIGN KEY ("gate_run_id") REFERENCES "gate_runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;
