/** The events that MLflow's webhooks know, but that of budgets. Which of ours each is stands in the table webhook_event_types. */
export const mlflowEventTypes = [
  'registered_model.created',
  'model_version.created',
  'model_version_tag.set',
  'model_version_tag.deleted',
  'model_version_alias.created',
  'model_version_alias.deleted',
  'prompt.created',
  'prompt_version.created',
  'prompt_tag.set',
  'prompt_tag.deleted',
  'prompt_version_tag.set',
  'prompt_version_tag.deleted',
  'prompt_alias.created',
  'prompt_alias.deleted',
] as const;
export type MlflowEventType = (typeof mlflowEventTypes)[number];

export const isMlflowEventType = (text: string): text is MlflowEventType =>
  (mlflowEventTypes as readonly string[]).includes(text);
