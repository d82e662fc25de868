-- AlterTable
ALTER TABLE "promotion_requests" ADD COLUMN     "files_checked_round" INTEGER;
