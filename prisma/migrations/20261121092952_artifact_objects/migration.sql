-- Paths are compared byte by byte: what is below a folder is a range of the index.
-- CreateTable
CREATE TABLE "artifact_objects" (
    "id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "path" TEXT COLLATE "C",
    "target" TEXT,
    "upload_id" TEXT,
    "size" BIGINT,
    "sha256" TEXT,
    "created_by" UUID,
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "artifact_objects_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "artifact_objects_path_key" ON "artifact_objects"("path");

-- CreateIndex
CREATE INDEX "artifact_objects_expires_at_idx" ON "artifact_objects"("expires_at");
