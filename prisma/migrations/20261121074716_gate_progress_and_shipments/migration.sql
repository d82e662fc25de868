-- AlterTable
ALTER TABLE "gate_runs" ADD COLUMN     "progress" INTEGER;

-- AlterTable
ALTER TABLE "outbox" ADD COLUMN     "shipments" INTEGER NOT NULL DEFAULT 0;
