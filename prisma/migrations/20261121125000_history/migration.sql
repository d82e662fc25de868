-- State as of a time is folded from events (docs/audit.md): of one object, of one member, on one securable. The lists are those
-- of libs/history/src/log-sql.ts.
CREATE INDEX audit_events_state ON "audit_events" (object_id, occurred_at)
  WHERE action IN ('catalog.created', 'schema.created', 'registered_model.created', 'experiment.created', 'catalog.renamed',
    'schema.renamed', 'registered_model.renamed', 'experiment.renamed', 'metastore.owner_changed', 'catalog.owner_changed',
    'schema.owner_changed', 'registered_model.owner_changed', 'experiment.owner_changed', 'principal.created',
    'principal.deleted', 'principal.disabled', 'principal.enabled');
CREATE INDEX audit_events_membership ON "audit_events" ((COALESCE(after ->> 'memberId', before ->> 'memberId')), occurred_at)
  WHERE action IN ('group.member_added', 'group.member_removed');
CREATE INDEX audit_events_governing ON "audit_events" (securable_id, object_kind, occurred_at)
  WHERE object_kind IN ('GRANT', 'POLICY');
