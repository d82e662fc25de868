import { FailedPrecondition, NotFound } from '@app/platform';

export class WebhookNotFound extends NotFound {
  constructor(id: string) {
    super('Webhook', id);
  }
}

export class DeliveryNotFound extends NotFound {
  constructor(id: string) {
    super('Webhook delivery', id);
  }
}

/** It has to be enabled before anything is sent. */
export class WebhookDisabled extends FailedPrecondition {
  constructor(name: string, reason: string | null) {
    super('WEBHOOK_DISABLED', `webhook "${name}" is disabled (${reason}): enable it first, with webhookUpdate`);
  }
}
