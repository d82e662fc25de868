-- An alias is one alias in whatever case it is written, as the names of securables are. Where two spellings hold different
-- versions of one model, this stops and names them: which of the two is meant is for people to say.
CREATE UNIQUE INDEX model_aliases_one_spelling ON "model_aliases" (model_id, lower(alias));

-- One open request for each version and target, however it is spelled.
DROP INDEX promotion_requests_one_open;
CREATE UNIQUE INDEX promotion_requests_one_open ON "promotion_requests" (version_id, target_kind, lower(target_name))
  WHERE closed_at IS NULL AND kind <> 'BREAK_GLASS';
