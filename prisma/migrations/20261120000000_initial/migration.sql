-- CreateTable
CREATE TABLE "principals" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "name_key" TEXT NOT NULL,
    "display_name" TEXT,
    "built_in" BOOLEAN NOT NULL DEFAULT false,
    "disabled_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" UUID,

    CONSTRAINT "principals_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "group_members" (
    "group_id" UUID NOT NULL,
    "member_id" UUID NOT NULL,
    "added_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "added_by" UUID,
    "external" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "group_members_pkey" PRIMARY KEY ("group_id","member_id")
);

-- CreateTable
CREATE TABLE "access_tokens" (
    "id" UUID NOT NULL,
    "principal_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" UUID,
    "read_only" BOOLEAN NOT NULL DEFAULT false,
    "catalog_id" UUID,

    CONSTRAINT "access_tokens_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "external_identities" (
    "issuer" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "principal_id" UUID NOT NULL,
    "groups_digest" TEXT,
    "claims_at" TIMESTAMPTZ(3),
    "linked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "linked_by" UUID,

    CONSTRAINT "external_identities_pkey" PRIMARY KEY ("issuer","kind","external_id")
);

-- CreateTable
CREATE TABLE "login_attempts" (
    "state_hash" TEXT NOT NULL,
    "browser_hash" TEXT NOT NULL,
    "issuer" TEXT NOT NULL,
    "nonce" TEXT NOT NULL,
    "code_verifier" TEXT NOT NULL,
    "return_to" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "login_attempts_pkey" PRIMARY KEY ("state_hash")
);

-- CreateTable
CREATE TABLE "sessions" (
    "id" UUID NOT NULL,
    "principal_id" UUID NOT NULL,
    "hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "securables" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "parent_id" UUID,
    "catalog_id" UUID,
    "schema_id" UUID,
    "name" TEXT NOT NULL,
    "full_name" TEXT NOT NULL,
    "full_name_key" TEXT NOT NULL,
    "owner_id" UUID NOT NULL,
    "description" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" UUID,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_by" UUID,
    "grants_revision" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "securables_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "securable_tags" (
    "securable_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "value" TEXT NOT NULL,

    CONSTRAINT "securable_tags_pkey" PRIMARY KEY ("securable_id","key")
);

-- CreateTable
CREATE TABLE "grants" (
    "id" UUID NOT NULL,
    "securable_id" UUID NOT NULL,
    "principal_id" UUID NOT NULL,
    "privilege" TEXT NOT NULL,
    "granted_by" UUID,
    "granted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "grants_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "access_version" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "version" BIGINT NOT NULL DEFAULT 1,

    CONSTRAINT "access_version_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "registered_models" (
    "id" UUID NOT NULL,
    "last_version" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "registered_models_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "model_versions" (
    "id" UUID NOT NULL,
    "model_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "status_message" TEXT,
    "stage" TEXT NOT NULL DEFAULT 'None',
    "description" TEXT,
    "source" TEXT NOT NULL,
    "storage_path" TEXT,
    "run_id" TEXT,
    "run_link" TEXT,
    "logged_model_id" TEXT,
    "run_principal_id" UUID,
    "artifact_digest" TEXT,
    "artifact_size" BIGINT,
    "signature" JSONB,
    "flavors" JSONB,
    "requirements" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" UUID,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "model_versions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "model_version_tags" (
    "version_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "value" TEXT NOT NULL,

    CONSTRAINT "model_version_tags_pkey" PRIMARY KEY ("version_id","key")
);

-- CreateTable
CREATE TABLE "model_version_files" (
    "version_id" UUID NOT NULL,
    "path" TEXT NOT NULL,
    "size" BIGINT NOT NULL,
    "sha256" TEXT NOT NULL,

    CONSTRAINT "model_version_files_pkey" PRIMARY KEY ("version_id","path")
);

-- CreateTable
CREATE TABLE "model_aliases" (
    "model_id" UUID NOT NULL,
    "alias" TEXT NOT NULL,
    "version_id" UUID NOT NULL,
    "set_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "set_by" UUID,

    CONSTRAINT "model_aliases_pkey" PRIMARY KEY ("model_id","alias")
);

-- CreateTable
CREATE TABLE "stage_transitions" (
    "id" UUID NOT NULL,
    "model_id" UUID NOT NULL,
    "model_full_name" TEXT NOT NULL,
    "target_kind" TEXT NOT NULL,
    "target_name" TEXT NOT NULL,
    "version_number" INTEGER,
    "replaced_version_number" INTEGER,
    "from_stage" TEXT,
    "to_stage" TEXT,
    "promotion_request_id" UUID,
    "break_glass" BOOLEAN NOT NULL DEFAULT false,
    "actor_id" UUID,
    "reason" TEXT,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "stage_transitions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sealed_paths" (
    "path" TEXT NOT NULL,
    "model_id" UUID NOT NULL,
    "version_id" UUID NOT NULL,
    "sealed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sealed_paths_pkey" PRIMARY KEY ("path","version_id")
);

-- CreateTable
CREATE TABLE "experiments" (
    "id" BIGSERIAL NOT NULL,
    "securable_id" UUID NOT NULL,
    "artifact_location" TEXT NOT NULL,
    "lifecycle_stage" TEXT NOT NULL DEFAULT 'active',
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "experiments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "runs" (
    "id" TEXT NOT NULL,
    "experiment_id" BIGINT NOT NULL,
    "name" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "principal_id" UUID,
    "status" TEXT NOT NULL DEFAULT 'RUNNING',
    "start_time" BIGINT NOT NULL,
    "end_time" BIGINT,
    "artifact_uri" TEXT NOT NULL,
    "lifecycle_stage" TEXT NOT NULL DEFAULT 'active',
    "deleted_time" BIGINT,

    CONSTRAINT "runs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "run_params" (
    "run_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "value" TEXT NOT NULL,

    CONSTRAINT "run_params_pkey" PRIMARY KEY ("run_id","key")
);

-- CreateTable
CREATE TABLE "run_tags" (
    "run_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "value" TEXT NOT NULL,

    CONSTRAINT "run_tags_pkey" PRIMARY KEY ("run_id","key")
);

-- CreateTable
CREATE TABLE "metrics" (
    "run_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "value" DOUBLE PRECISION NOT NULL,
    "is_nan" BOOLEAN NOT NULL DEFAULT false,
    "timestamp" BIGINT NOT NULL,
    "step" BIGINT NOT NULL DEFAULT 0,
    "model_id" TEXT,
    "dataset_name" TEXT,
    "dataset_digest" TEXT,

    CONSTRAINT "metrics_pkey" PRIMARY KEY ("run_id","key","timestamp","step","value","is_nan")
);

-- CreateTable
CREATE TABLE "latest_metrics" (
    "run_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "value" DOUBLE PRECISION NOT NULL,
    "is_nan" BOOLEAN NOT NULL DEFAULT false,
    "timestamp" BIGINT NOT NULL,
    "step" BIGINT NOT NULL,
    "model_id" TEXT,
    "dataset_name" TEXT,
    "dataset_digest" TEXT,

    CONSTRAINT "latest_metrics_pkey" PRIMARY KEY ("run_id","key")
);

-- CreateTable
CREATE TABLE "datasets" (
    "id" UUID NOT NULL,
    "experiment_id" BIGINT NOT NULL,
    "name" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "source_type" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "schema" TEXT,
    "profile" TEXT,

    CONSTRAINT "datasets_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "run_inputs" (
    "run_id" TEXT NOT NULL,
    "dataset_id" UUID NOT NULL,
    "tags" JSONB NOT NULL DEFAULT '[]',

    CONSTRAINT "run_inputs_pkey" PRIMARY KEY ("run_id","dataset_id")
);

-- CreateTable
CREATE TABLE "run_models" (
    "run_id" TEXT NOT NULL,
    "model_id" TEXT NOT NULL,
    "direction" TEXT NOT NULL,
    "step" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "run_models_pkey" PRIMARY KEY ("run_id","model_id","direction")
);

-- CreateTable
CREATE TABLE "logged_models" (
    "id" TEXT NOT NULL,
    "experiment_id" BIGINT NOT NULL,
    "name" TEXT NOT NULL,
    "model_type" TEXT,
    "source_run_id" TEXT,
    "artifact_uri" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'LOGGED_MODEL_PENDING',
    "status_message" TEXT,
    "principal_id" UUID,
    "lifecycle_stage" TEXT NOT NULL DEFAULT 'active',
    "created_ms" BIGINT NOT NULL,
    "updated_ms" BIGINT NOT NULL,

    CONSTRAINT "logged_models_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "logged_model_params" (
    "model_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "value" TEXT NOT NULL,

    CONSTRAINT "logged_model_params_pkey" PRIMARY KEY ("model_id","key")
);

-- CreateTable
CREATE TABLE "logged_model_tags" (
    "model_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "value" TEXT NOT NULL,

    CONSTRAINT "logged_model_tags_pkey" PRIMARY KEY ("model_id","key")
);

-- CreateTable
CREATE TABLE "policies" (
    "id" UUID NOT NULL,
    "securable_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "name_key" TEXT NOT NULL,
    "current_revision" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" UUID,
    "retired_at" TIMESTAMPTZ(3),

    CONSTRAINT "policies_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "policy_revisions" (
    "id" UUID NOT NULL,
    "policy_id" UUID NOT NULL,
    "revision" INTEGER NOT NULL,
    "rules" JSONB NOT NULL,
    "reason" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" UUID,

    CONSTRAINT "policy_revisions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "promotion_requests" (
    "id" UUID NOT NULL,
    "number" SERIAL NOT NULL,
    "model_id" UUID NOT NULL,
    "model_full_name" TEXT NOT NULL,
    "version_id" UUID NOT NULL,
    "version_number" INTEGER NOT NULL,
    "target_kind" TEXT NOT NULL,
    "target_name" TEXT NOT NULL,
    "kind" TEXT NOT NULL DEFAULT 'PROMOTION',
    "state" TEXT NOT NULL,
    "state_reason" TEXT,
    "requester_id" UUID NOT NULL,
    "justification" TEXT NOT NULL,
    "incumbent_version_id" UUID,
    "incumbent_version_number" INTEGER,
    "artifact_digest" TEXT NOT NULL,
    "effective_policy" JSONB NOT NULL,
    "round" INTEGER NOT NULL DEFAULT 1,
    "evidence" JSONB,
    "evidence_digest" TEXT,
    "superseded_by_number" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "approved_at" TIMESTAMPTZ(3),
    "apply_after" TIMESTAMPTZ(3),
    "closed_at" TIMESTAMPTZ(3),
    "reviewed_access_version" BIGINT,

    CONSTRAINT "promotion_requests_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "promotion_request_policies" (
    "request_id" UUID NOT NULL,
    "revision_id" UUID NOT NULL,

    CONSTRAINT "promotion_request_policies_pkey" PRIMARY KEY ("request_id","revision_id")
);

-- CreateTable
CREATE TABLE "promotion_request_changes" (
    "sequence" BIGSERIAL NOT NULL,
    "request_id" UUID NOT NULL,
    "event_id" UUID NOT NULL,

    CONSTRAINT "promotion_request_changes_pkey" PRIMARY KEY ("sequence")
);

-- CreateTable
CREATE TABLE "decisions" (
    "id" UUID NOT NULL,
    "request_id" UUID NOT NULL,
    "principal_id" UUID NOT NULL,
    "verdict" TEXT NOT NULL,
    "comment" TEXT,
    "evidence_digest" TEXT NOT NULL,
    "decided_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),
    "ending" TEXT,

    CONSTRAINT "decisions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "gate_waivers" (
    "id" UUID NOT NULL,
    "gate_run_id" UUID NOT NULL,
    "request_id" UUID NOT NULL,
    "reason" TEXT NOT NULL,
    "proposed_by" UUID NOT NULL,
    "proposed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "state" TEXT NOT NULL DEFAULT 'PROPOSED',
    "decided_by" UUID,
    "decided_at" TIMESTAMPTZ(3),
    "comment" TEXT,

    CONSTRAINT "gate_waivers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "break_glass_reviews" (
    "request_id" UUID NOT NULL,
    "actor_id" UUID NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "closed_at" TIMESTAMPTZ(3),
    "closed_by" UUID,
    "outcome" TEXT,
    "comment" TEXT,

    CONSTRAINT "break_glass_reviews_pkey" PRIMARY KEY ("request_id")
);

-- CreateTable
CREATE TABLE "discussion_threads" (
    "id" UUID NOT NULL,
    "request_id" UUID NOT NULL,
    "blocking" BOOLEAN NOT NULL DEFAULT false,
    "opened_by" UUID NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "resolved_by" UUID,
    "resolved_at" TIMESTAMPTZ(3),

    CONSTRAINT "discussion_threads_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "discussion_comments" (
    "id" UUID NOT NULL,
    "thread_id" UUID NOT NULL,
    "author_id" UUID NOT NULL,
    "text" TEXT NOT NULL,
    "made_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "discussion_comments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "promotion_statements" (
    "request_id" UUID NOT NULL,
    "kid" TEXT NOT NULL,
    "predicate_type" TEXT NOT NULL,
    "envelope" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "promotion_statements_pkey" PRIMARY KEY ("request_id")
);

-- CreateTable
CREATE TABLE "signing_keys" (
    "kid" TEXT NOT NULL,
    "public_key" TEXT NOT NULL,
    "introduced_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "retired_at" TIMESTAMPTZ(3),

    CONSTRAINT "signing_keys_pkey" PRIMARY KEY ("kid")
);

-- CreateTable
CREATE TABLE "gate_runs" (
    "id" UUID NOT NULL,
    "request_id" UUID NOT NULL,
    "version_id" UUID NOT NULL,
    "incumbent_version_id" UUID,
    "policy_revision_id" UUID NOT NULL,
    "round" INTEGER NOT NULL DEFAULT 1,
    "key" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "required" BOOLEAN NOT NULL DEFAULT true,
    "config" JSONB NOT NULL,
    "timeout_seconds" INTEGER NOT NULL DEFAULT 600,
    "max_attempts" INTEGER NOT NULL DEFAULT 3,
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "status" TEXT NOT NULL DEFAULT 'QUEUED',
    "summary" TEXT,
    "output" JSONB,
    "inputs" JSONB,
    "queued_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "lease_until" TIMESTAMPTZ(3),
    "retry_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "gate_runs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "gate_logs" (
    "gate_run_id" UUID NOT NULL,
    "line" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "stream" TEXT NOT NULL DEFAULT 'log',
    "text" TEXT NOT NULL,

    CONSTRAINT "gate_logs_pkey" PRIMARY KEY ("gate_run_id","line")
);

-- CreateTable
CREATE TABLE "outbox" (
    "id" BIGSERIAL NOT NULL,
    "event" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "request_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "shipped_at" TIMESTAMPTZ(3),
    "handled_at" TIMESTAMPTZ(3),

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_events" (
    "id" UUID NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor_id" UUID,
    "actor_name" TEXT NOT NULL,
    "on_behalf_of" TEXT,
    "action" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "object_kind" TEXT NOT NULL,
    "object_id" TEXT,
    "object_name" TEXT NOT NULL,
    "securable_id" UUID,
    "schema_id" UUID,
    "catalog_id" UUID,
    "before" JSONB,
    "after" JSONB,
    "reason" TEXT,
    "request_id" TEXT,
    "source_address" TEXT,

    CONSTRAINT "audit_events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "principal_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "body_hash" TEXT NOT NULL,
    "status" INTEGER,
    "response" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("principal_id","key")
);

-- CreateIndex
CREATE INDEX "promotion_request_changes_request_id_sequence_idx" ON "promotion_request_changes"("request_id", "sequence");

-- CreateIndex
CREATE UNIQUE INDEX "principals_name_key_key" ON "principals"("name_key");

-- CreateIndex
CREATE INDEX "principals_kind_name_key_idx" ON "principals"("kind", "name_key");

-- CreateIndex
CREATE INDEX "group_members_member_id_idx" ON "group_members"("member_id");

-- CreateIndex
CREATE UNIQUE INDEX "access_tokens_hash_key" ON "access_tokens"("hash");

-- CreateIndex
CREATE INDEX "access_tokens_principal_id_created_at_idx" ON "access_tokens"("principal_id", "created_at");

-- CreateIndex
CREATE INDEX "external_identities_principal_id_idx" ON "external_identities"("principal_id");

-- CreateIndex
CREATE INDEX "login_attempts_expires_at_idx" ON "login_attempts"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "sessions_hash_key" ON "sessions"("hash");

-- CreateIndex
CREATE INDEX "sessions_principal_id_idx" ON "sessions"("principal_id");

-- CreateIndex
CREATE INDEX "sessions_expires_at_idx" ON "sessions"("expires_at");

-- CreateIndex
CREATE INDEX "securables_parent_id_kind_idx" ON "securables"("parent_id", "kind");

-- CreateIndex
CREATE INDEX "securables_kind_catalog_id_idx" ON "securables"("kind", "catalog_id");

-- CreateIndex
CREATE INDEX "securables_kind_schema_id_idx" ON "securables"("kind", "schema_id");

-- CreateIndex
CREATE INDEX "securables_kind_created_at_id_idx" ON "securables"("kind", "created_at", "id");

-- CreateIndex
CREATE INDEX "securables_kind_updated_at_id_idx" ON "securables"("kind", "updated_at", "id");

-- CreateIndex
CREATE INDEX "securables_owner_id_idx" ON "securables"("owner_id");

-- CreateIndex
CREATE UNIQUE INDEX "securables_kind_full_name_key_key" ON "securables"("kind", "full_name_key");

-- CreateIndex
CREATE INDEX "grants_principal_id_idx" ON "grants"("principal_id");

-- CreateIndex
CREATE UNIQUE INDEX "grants_securable_id_principal_id_privilege_key" ON "grants"("securable_id", "principal_id", "privilege");

-- CreateIndex
CREATE INDEX "model_versions_model_id_stage_number_idx" ON "model_versions"("model_id", "stage", "number");

-- CreateIndex
CREATE INDEX "model_versions_model_id_created_at_id_idx" ON "model_versions"("model_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "model_versions_run_id_idx" ON "model_versions"("run_id");

-- CreateIndex
CREATE INDEX "model_versions_status_created_at_idx" ON "model_versions"("status", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "model_versions_model_id_number_key" ON "model_versions"("model_id", "number");

-- CreateIndex
CREATE INDEX "model_aliases_version_id_idx" ON "model_aliases"("version_id");

-- CreateIndex
CREATE INDEX "stage_transitions_model_id_occurred_at_id_idx" ON "stage_transitions"("model_id", "occurred_at", "id");

-- CreateIndex
CREATE INDEX "stage_transitions_promotion_request_id_idx" ON "stage_transitions"("promotion_request_id");

-- CreateIndex
CREATE INDEX "sealed_paths_model_id_idx" ON "sealed_paths"("model_id");

-- CreateIndex
CREATE INDEX "sealed_paths_version_id_idx" ON "sealed_paths"("version_id");

-- CreateIndex
CREATE UNIQUE INDEX "experiments_securable_id_key" ON "experiments"("securable_id");

-- CreateIndex
CREATE INDEX "runs_experiment_id_lifecycle_stage_start_time_id_idx" ON "runs"("experiment_id", "lifecycle_stage", "start_time" DESC, "id");

-- CreateIndex
CREATE INDEX "metrics_model_id_idx" ON "metrics"("model_id");

-- CreateIndex
CREATE UNIQUE INDEX "datasets_experiment_id_name_digest_key" ON "datasets"("experiment_id", "name", "digest");

-- CreateIndex
CREATE INDEX "run_models_model_id_idx" ON "run_models"("model_id");

-- CreateIndex
CREATE INDEX "logged_models_experiment_id_created_ms_id_idx" ON "logged_models"("experiment_id", "created_ms", "id");

-- CreateIndex
CREATE INDEX "logged_models_source_run_id_idx" ON "logged_models"("source_run_id");

-- CreateIndex
CREATE UNIQUE INDEX "policies_securable_id_name_key_key" ON "policies"("securable_id", "name_key");

-- CreateIndex
CREATE UNIQUE INDEX "policy_revisions_policy_id_revision_key" ON "policy_revisions"("policy_id", "revision");

-- CreateIndex
CREATE UNIQUE INDEX "promotion_requests_number_key" ON "promotion_requests"("number");

-- CreateIndex
CREATE INDEX "promotion_requests_model_id_target_kind_target_name_state_idx" ON "promotion_requests"("model_id", "target_kind", "target_name", "state");

-- CreateIndex
CREATE INDEX "promotion_requests_state_updated_at_idx" ON "promotion_requests"("state", "updated_at");

-- CreateIndex
CREATE INDEX "promotion_requests_requester_id_idx" ON "promotion_requests"("requester_id");

-- CreateIndex
CREATE INDEX "decisions_request_id_decided_at_id_idx" ON "decisions"("request_id", "decided_at", "id");

-- CreateIndex
CREATE INDEX "gate_waivers_gate_run_id_proposed_at_id_idx" ON "gate_waivers"("gate_run_id", "proposed_at", "id");

-- CreateIndex
CREATE INDEX "gate_waivers_request_id_idx" ON "gate_waivers"("request_id");

-- CreateIndex
CREATE INDEX "break_glass_reviews_closed_at_due_at_idx" ON "break_glass_reviews"("closed_at", "due_at");

-- CreateIndex
CREATE INDEX "discussion_threads_request_id_opened_at_id_idx" ON "discussion_threads"("request_id", "opened_at", "id");

-- CreateIndex
CREATE INDEX "discussion_comments_thread_id_made_at_id_idx" ON "discussion_comments"("thread_id", "made_at", "id");

-- CreateIndex
CREATE INDEX "gate_runs_status_lease_until_idx" ON "gate_runs"("status", "lease_until");

-- CreateIndex
CREATE INDEX "gate_runs_status_queued_at_idx" ON "gate_runs"("status", "queued_at");

-- CreateIndex
CREATE UNIQUE INDEX "gate_runs_request_id_round_key_key" ON "gate_runs"("request_id", "round", "key");

-- CreateIndex
CREATE INDEX "outbox_handled_at_shipped_at_id_idx" ON "outbox"("handled_at", "shipped_at", "id");

-- CreateIndex
CREATE INDEX "audit_events_occurred_at_id_idx" ON "audit_events"("occurred_at", "id");

-- CreateIndex
CREATE INDEX "audit_events_actor_id_occurred_at_id_idx" ON "audit_events"("actor_id", "occurred_at", "id");

-- CreateIndex
CREATE INDEX "audit_events_schema_id_occurred_at_id_idx" ON "audit_events"("schema_id", "occurred_at", "id");

-- CreateIndex
CREATE INDEX "audit_events_object_id_occurred_at_id_idx" ON "audit_events"("object_id", "occurred_at", "id");

-- CreateIndex
CREATE INDEX "audit_events_request_id_idx" ON "audit_events"("request_id");

-- CreateIndex
CREATE INDEX "audit_events_securable_id_occurred_at_id_idx" ON "audit_events"("securable_id", "occurred_at", "id");

-- CreateIndex
CREATE INDEX "audit_events_catalog_id_occurred_at_id_idx" ON "audit_events"("catalog_id", "occurred_at", "id");

-- CreateIndex
CREATE INDEX "idempotency_keys_created_at_idx" ON "idempotency_keys"("created_at");

-- AddForeignKey
ALTER TABLE "group_members" ADD CONSTRAINT "group_members_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "principals"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "group_members" ADD CONSTRAINT "group_members_member_id_fkey" FOREIGN KEY ("member_id") REFERENCES "principals"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "access_tokens" ADD CONSTRAINT "access_tokens_principal_id_fkey" FOREIGN KEY ("principal_id") REFERENCES "principals"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "external_identities" ADD CONSTRAINT "external_identities_principal_id_fkey" FOREIGN KEY ("principal_id") REFERENCES "principals"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_principal_id_fkey" FOREIGN KEY ("principal_id") REFERENCES "principals"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "securables" ADD CONSTRAINT "securables_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "securables"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "securables" ADD CONSTRAINT "securables_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "principals"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "securable_tags" ADD CONSTRAINT "securable_tags_securable_id_fkey" FOREIGN KEY ("securable_id") REFERENCES "securables"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "grants" ADD CONSTRAINT "grants_securable_id_fkey" FOREIGN KEY ("securable_id") REFERENCES "securables"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "grants" ADD CONSTRAINT "grants_principal_id_fkey" FOREIGN KEY ("principal_id") REFERENCES "principals"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "registered_models" ADD CONSTRAINT "registered_models_id_fkey" FOREIGN KEY ("id") REFERENCES "securables"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "model_versions" ADD CONSTRAINT "model_versions_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "registered_models"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "model_version_tags" ADD CONSTRAINT "model_version_tags_version_id_fkey" FOREIGN KEY ("version_id") REFERENCES "model_versions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "model_version_files" ADD CONSTRAINT "model_version_files_version_id_fkey" FOREIGN KEY ("version_id") REFERENCES "model_versions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "model_aliases" ADD CONSTRAINT "model_aliases_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "registered_models"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "model_aliases" ADD CONSTRAINT "model_aliases_version_id_fkey" FOREIGN KEY ("version_id") REFERENCES "model_versions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "experiments" ADD CONSTRAINT "experiments_securable_id_fkey" FOREIGN KEY ("securable_id") REFERENCES "securables"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "runs" ADD CONSTRAINT "runs_experiment_id_fkey" FOREIGN KEY ("experiment_id") REFERENCES "experiments"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_params" ADD CONSTRAINT "run_params_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_tags" ADD CONSTRAINT "run_tags_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "metrics" ADD CONSTRAINT "metrics_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "latest_metrics" ADD CONSTRAINT "latest_metrics_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_inputs" ADD CONSTRAINT "run_inputs_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_inputs" ADD CONSTRAINT "run_inputs_dataset_id_fkey" FOREIGN KEY ("dataset_id") REFERENCES "datasets"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "logged_models" ADD CONSTRAINT "logged_models_experiment_id_fkey" FOREIGN KEY ("experiment_id") REFERENCES "experiments"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "logged_model_params" ADD CONSTRAINT "logged_model_params_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "logged_models"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "logged_model_tags" ADD CONSTRAINT "logged_model_tags_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "logged_models"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "policies" ADD CONSTRAINT "policies_securable_id_fkey" FOREIGN KEY ("securable_id") REFERENCES "securables"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "policy_revisions" ADD CONSTRAINT "policy_revisions_policy_id_fkey" FOREIGN KEY ("policy_id") REFERENCES "policies"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "promotion_request_policies" ADD CONSTRAINT "promotion_request_policies_request_id_fkey" FOREIGN KEY ("request_id") REFERENCES "promotion_requests"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "decisions" ADD CONSTRAINT "decisions_request_id_fkey" FOREIGN KEY ("request_id") REFERENCES "promotion_requests"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "gate_waivers" ADD CONSTRAINT "gate_waivers_gate_run_id_fkey" FOREIGN KEY ("gate_run_id") REFERENCES "gate_runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "gate_waivers" ADD CONSTRAINT "gate_waivers_request_id_fkey" FOREIGN KEY ("request_id") REFERENCES "promotion_requests"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "break_glass_reviews" ADD CONSTRAINT "break_glass_reviews_request_id_fkey" FOREIGN KEY ("request_id") REFERENCES "promotion_requests"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "discussion_threads" ADD CONSTRAINT "discussion_threads_request_id_fkey" FOREIGN KEY ("request_id") REFERENCES "promotion_requests"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "discussion_comments" ADD CONSTRAINT "discussion_comments_thread_id_fkey" FOREIGN KEY ("thread_id") REFERENCES "discussion_threads"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "promotion_statements" ADD CONSTRAINT "promotion_statements_request_id_fkey" FOREIGN KEY ("request_id") REFERENCES "promotion_requests"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "promotion_statements" ADD CONSTRAINT "promotion_statements_kid_fkey" FOREIGN KEY ("kid") REFERENCES "signing_keys"("kid") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "gate_runs" ADD CONSTRAINT "gate_runs_request_id_fkey" FOREIGN KEY ("request_id") REFERENCES "promotion_requests"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "gate_logs" ADD CONSTRAINT "gate_logs_gate_run_id_fkey" FOREIGN KEY ("gate_run_id") REFERENCES "gate_runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma cannot say ---------------------------------------------------------------------------------------------

-- Rows that are history are never changed or deleted (domain.md, sections 4 and 7).
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE ON "audit_events" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON "audit_events" EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stage_transitions_append_only BEFORE UPDATE OR DELETE ON "stage_transitions" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stage_transitions_no_truncate BEFORE TRUNCATE ON "stage_transitions" EXECUTE FUNCTION refuse_change();
CREATE TRIGGER promotion_statements_append_only BEFORE UPDATE OR DELETE ON "promotion_statements" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER promotion_statements_no_truncate BEFORE TRUNCATE ON "promotion_statements" EXECUTE FUNCTION refuse_change();
-- Of a signing key nothing changes but that it is retired, once.
CREATE TRIGGER signing_keys_retired_once BEFORE UPDATE ON "signing_keys" FOR EACH ROW
  WHEN (OLD.retired_at IS NOT NULL OR (NEW.kid, NEW.public_key, NEW.introduced_at) IS DISTINCT FROM (OLD.kid, OLD.public_key, OLD.introduced_at))
  EXECUTE FUNCTION refuse_change();
CREATE TRIGGER signing_keys_no_delete BEFORE DELETE ON "signing_keys" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER signing_keys_no_truncate BEFORE TRUNCATE ON "signing_keys" EXECUTE FUNCTION refuse_change();
CREATE TRIGGER policy_revisions_no_update BEFORE UPDATE ON "policy_revisions" FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- The revision of the grants on a securable moves with every change of them, also when a deleted principal takes its own
-- along: who edits grants says which revision he has seen. Rows are locked in one order, so that two changes of many
-- securables cannot wait for each other.
CREATE FUNCTION move_grants_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM securables WHERE id IN (SELECT securable_id FROM changed) ORDER BY id FOR NO KEY UPDATE;
  UPDATE securables SET grants_revision = grants_revision + 1 WHERE id IN (SELECT securable_id FROM changed);
  RETURN NULL;
END $$;

CREATE TRIGGER grants_inserted AFTER INSERT ON "grants" REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION move_grants_revision();
CREATE TRIGGER grants_updated AFTER UPDATE ON "grants" REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION move_grants_revision();
CREATE TRIGGER grants_deleted AFTER DELETE ON "grants" REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION move_grants_revision();

-- Closed sets of words, so that a wrong one cannot be stored by any path.
ALTER TABLE "principals" ADD CONSTRAINT principals_kind CHECK (kind IN ('USER', 'SERVICE_PRINCIPAL', 'GROUP'));
ALTER TABLE "securables" ADD CONSTRAINT securables_kind CHECK (kind IN ('METASTORE', 'CATALOG', 'SCHEMA', 'REGISTERED_MODEL', 'EXPERIMENT'));
ALTER TABLE "model_versions" ADD CONSTRAINT model_versions_status CHECK (status IN ('PENDING_REGISTRATION', 'READY', 'FAILED_REGISTRATION'));
ALTER TABLE "model_versions" ADD CONSTRAINT model_versions_stage CHECK (stage IN ('None', 'Staging', 'Production', 'Archived'));
ALTER TABLE "model_versions" ADD CONSTRAINT model_versions_number CHECK (number >= 1);
ALTER TABLE "external_identities" ADD CONSTRAINT external_identities_kind CHECK (kind IN ('SUBJECT', 'GROUP'));
ALTER TABLE "promotion_requests" ADD CONSTRAINT promotion_requests_state CHECK (state IN ('VALIDATING', 'BLOCKED', 'AWAITING_APPROVAL', 'CHANGES_REQUESTED', 'APPROVED', 'APPLIED', 'REJECTED', 'CANCELLED', 'EXPIRED', 'SUPERSEDED'));
ALTER TABLE "promotion_requests" ADD CONSTRAINT promotion_requests_kind CHECK (kind IN ('PROMOTION', 'ROLLBACK', 'BREAK_GLASS'));
ALTER TABLE "gate_runs" ADD CONSTRAINT gate_runs_status CHECK (status IN ('QUEUED', 'RUNNING', 'PASSED', 'FAILED', 'ERRORED', 'WAIVED', 'CANCELLED'));
ALTER TABLE "decisions" ADD CONSTRAINT decisions_verdict CHECK (verdict IN ('APPROVE', 'REJECT', 'REQUEST_CHANGES'));

ALTER TABLE "decisions" ADD CONSTRAINT decisions_ending CHECK ((ended_at IS NULL) = (ending IS NULL) AND ending IN ('WITHDRAWN', 'ANSWERED', 'REPLACED'));

-- A waiver is confirmed or declined by a person of its own, and a review of a promotion past the policy never closed by its actor.
ALTER TABLE "gate_waivers" ADD CONSTRAINT gate_waivers_state CHECK (state IN ('PROPOSED', 'CONFIRMED', 'DECLINED') AND (state = 'PROPOSED') = (decided_by IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL));
ALTER TABLE "gate_waivers" ADD CONSTRAINT gate_waivers_two_people CHECK (state <> 'CONFIRMED' OR decided_by <> proposed_by);
ALTER TABLE "break_glass_reviews" ADD CONSTRAINT break_glass_reviews_outcome CHECK ((closed_at IS NULL) = (closed_by IS NULL) AND (closed_at IS NULL) = (outcome IS NULL) AND outcome IN ('JUSTIFIED', 'UNJUSTIFIED'));
ALTER TABLE "break_glass_reviews" ADD CONSTRAINT break_glass_reviews_two_people CHECK (closed_by <> actor_id);
ALTER TABLE "discussion_threads" ADD CONSTRAINT discussion_threads_resolved CHECK ((resolved_at IS NULL) = (resolved_by IS NULL));

-- One proposal at a time to waive a gate.
CREATE UNIQUE INDEX gate_waivers_one_proposed ON "gate_waivers" (gate_run_id) WHERE state = 'PROPOSED';

-- One standing decision for each reviewer of a request: a new one needs the old one ended.
CREATE UNIQUE INDEX decisions_one_standing ON "decisions" (request_id, principal_id) WHERE ended_at IS NULL;

-- A principal signs in as one subject of one issuer: whose claim a membership comes from is then never in doubt.
CREATE UNIQUE INDEX external_identities_one_subject ON "external_identities" (principal_id) WHERE kind = 'SUBJECT';

-- One key signs at a time.
CREATE UNIQUE INDEX signing_keys_one_current ON "signing_keys" ((true)) WHERE retired_at IS NULL;

-- One open request for each version and target. What goes past the policy is closed in the transaction that opens it.
CREATE UNIQUE INDEX promotion_requests_one_open ON "promotion_requests" (version_id, target_kind, target_name) WHERE closed_at IS NULL AND kind <> 'BREAK_GLASS';

-- By how a text begins: the name of an audited object in any case, and what is sealed below a folder.
CREATE INDEX audit_events_object_name_prefix ON "audit_events" (lower(object_name) text_pattern_ops, occurred_at, id);
-- Who tried to get past a rule: the violations report walks it.
CREATE INDEX audit_events_refused ON "audit_events" (occurred_at, id) WHERE outcome = 'REFUSED';
CREATE INDEX "sealed_paths_prefix" ON "sealed_paths" ("path" COLLATE "C");

-- The feed of changes that subscriptions read (docs/adr/0013). It is written at the very end of the transaction, when
-- nothing else is waited for any more, and under a lock that is held until the commit can be seen: so the order of the
-- sequence is the order of the commits, and a reader who has seen one number has missed none below it.
CREATE FUNCTION promotion_request_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  request uuid := NEW.object_id::uuid;
BEGIN
  IF NEW.object_kind = 'GATE_RUN' THEN
    SELECT request_id INTO request FROM gate_runs WHERE id = NEW.object_id::uuid;
    IF request IS NULL THEN RETURN NULL; END IF;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('promotion_request_changes', 0));
  INSERT INTO promotion_request_changes (request_id, event_id) VALUES (request, NEW.id);
  PERFORM pg_notify('promotion_request_changes', request::text);
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER promotion_request_changed AFTER INSERT ON "audit_events" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW.object_kind IN ('PROMOTION_REQUEST', 'GATE_RUN') AND NEW.outcome = 'ALLOWED' AND NEW.object_id IS NOT NULL)
  EXECUTE FUNCTION promotion_request_changed();

-- What every installation starts with: the metastore, its administrators, everyone, the identity that gates run under.
INSERT INTO "access_version" (id, version) VALUES (1, 1);
INSERT INTO "principals" (id, kind, name, name_key, display_name, built_in) VALUES
  ('00000000-0000-7000-8000-000000000001', 'GROUP', 'everyone', 'everyone', 'All enabled users and service principals', true),
  ('00000000-0000-7000-8000-000000000002', 'GROUP', 'metastore-admins', 'metastore-admins', 'Owners of the metastore', true),
  ('00000000-0000-7000-8000-000000000003', 'SERVICE_PRINCIPAL', 'imprimatur-gates', 'imprimatur-gates', 'The worker, while it runs gates and applies approved requests', true);
INSERT INTO "securables" (id, kind, name, full_name, full_name_key, owner_id, description) VALUES
  ('00000000-0000-7000-8000-000000000010', 'METASTORE', 'metastore', 'metastore', 'metastore', '00000000-0000-7000-8000-000000000002', 'This installation'),
  ('00000000-0000-7000-8000-000000000011', 'EXPERIMENT', 'Default', 'Default', 'Default', '00000000-0000-7000-8000-000000000002', NULL);
UPDATE "securables" SET parent_id = '00000000-0000-7000-8000-000000000010' WHERE id = '00000000-0000-7000-8000-000000000011';
INSERT INTO "experiments" (id, securable_id, artifact_location) VALUES (0, '00000000-0000-7000-8000-000000000011', 'mlflow-artifacts:/0');
INSERT INTO "grants" (id, securable_id, principal_id, privilege) VALUES
  ('00000000-0000-7000-8000-000000000020', '00000000-0000-7000-8000-000000000010', '00000000-0000-7000-8000-000000000001', 'CREATE_EXPERIMENT');
