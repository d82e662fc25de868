-- By the whole action, and by its beginning. The condition always holds: Prisma leaves an index with one alone, and would take
-- one of this operator class for a difference to schema.prisma.
CREATE INDEX audit_events_action_prefix ON "audit_events" (action text_pattern_ops, occurred_at, id) WHERE action IS NOT NULL;

-- Of one who was deleted no id is known any more.
CREATE INDEX audit_events_actor_name ON "audit_events" (lower(actor_name), occurred_at, id);

CREATE INDEX audit_events_on_behalf_of ON "audit_events" (lower(on_behalf_of), occurred_at, id) WHERE on_behalf_of IS NOT NULL;

-- Words of the reason, by what every PostgreSQL has: an extension may not be there, or not ours to create. An index may not
-- refuse an event: of a text too long for a tsvector it takes the beginning. libs/audit/src/audit-filter.ts asks in the same words.
-- Of all events, and not of those with a reason only: the planner asks no partial index how rare a word is, and would read the
-- whole trail from its end for one that is.
CREATE INDEX audit_events_reason_words ON "audit_events" USING gin (to_tsvector('simple', left(reason, 100000)));
