-- CreateIndex
CREATE INDEX "audit_events_action_occurred_at_id_idx" ON "audit_events"("action" text_pattern_ops, "occurred_at", "id");

-- Of one who was deleted no id is known any more.
CREATE INDEX audit_events_actor_name ON "audit_events" (lower(actor_name), occurred_at, id);

CREATE INDEX audit_events_on_behalf_of ON "audit_events" (lower(on_behalf_of), occurred_at, id) WHERE on_behalf_of IS NOT NULL;

-- Words of the reason, by what every PostgreSQL has: an extension may not be there, or not ours to create. An index may not
-- refuse an event: of a text too long for a tsvector it takes the beginning. libs/audit/src/audit-filter.ts asks in the same words.
CREATE INDEX audit_events_reason_words ON "audit_events" USING gin (to_tsvector('simple', left(reason, 100000)))
  WHERE reason IS NOT NULL;
