-- CreateTable
CREATE TABLE "email_addresses" (
    "principal_id" UUID NOT NULL,
    "address" TEXT NOT NULL,
    "claimed" BOOLEAN NOT NULL,
    "set_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "email_addresses_pkey" PRIMARY KEY ("principal_id")
);

-- CreateTable
CREATE TABLE "muted_notifications" (
    "principal_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,

    CONSTRAINT "muted_notifications_pkey" PRIMARY KEY ("principal_id","kind")
);

-- CreateTable
CREATE TABLE "notifications" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "request_id" UUID NOT NULL,
    "occasion" TEXT NOT NULL,
    "channel" TEXT NOT NULL,
    "principal_id" UUID,
    "recipient" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'PENDING',
    "detail" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "closed_at" TIMESTAMPTZ(3),

    CONSTRAINT "notifications_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "notifications_state_next_attempt_at_idx" ON "notifications"("state", "next_attempt_at");

-- CreateIndex
CREATE INDEX "notifications_principal_id_created_at_id_idx" ON "notifications"("principal_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "notifications_closed_at_idx" ON "notifications"("closed_at");

-- CreateIndex
CREATE UNIQUE INDEX "notifications_request_id_kind_occasion_recipient_key" ON "notifications"("request_id", "kind", "occasion", "recipient");

-- AddForeignKey
ALTER TABLE "email_addresses" ADD CONSTRAINT "email_addresses_principal_id_fkey" FOREIGN KEY ("principal_id") REFERENCES "principals"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "muted_notifications" ADD CONSTRAINT "muted_notifications_principal_id_fkey" FOREIGN KEY ("principal_id") REFERENCES "principals"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_principal_id_fkey" FOREIGN KEY ("principal_id") REFERENCES "principals"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_request_id_fkey" FOREIGN KEY ("request_id") REFERENCES "promotion_requests"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- What Prisma cannot say.
ALTER TABLE "notifications" ADD CONSTRAINT notifications_kind CHECK (kind IN ('APPROVAL_AWAITED', 'WAIVER_AWAITED', 'REVIEW_AWAITED', 'REQUEST_OUTCOME', 'COMMENT'));
ALTER TABLE "notifications" ADD CONSTRAINT notifications_recipient CHECK (channel IN ('EMAIL', 'SLACK') AND (channel = 'EMAIL') = (principal_id IS NOT NULL));
ALTER TABLE "notifications" ADD CONSTRAINT notifications_state CHECK (state IN ('PENDING', 'SENT', 'DROPPED', 'FAILED') AND (state = 'PENDING') = (closed_at IS NULL));
ALTER TABLE "muted_notifications" ADD CONSTRAINT muted_notifications_kind CHECK (kind IN ('APPROVAL_AWAITED', 'WAIVER_AWAITED', 'REVIEW_AWAITED', 'REQUEST_OUTCOME', 'COMMENT'));
