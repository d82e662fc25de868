import { FailedPrecondition, NotFound } from '@app/platform';
import { mostEndpoints } from './endpoint.js';

export class EndpointNotFound extends NotFound {
  constructor(name: string) {
    super('Model endpoint', name, ['name']);
  }
}

/** Whoever reports where a model is served retires what serves it no more. */
export class TooManyEndpoints extends FailedPrecondition {
  constructor(modelFullName: string) {
    super(
      'TOO_MANY_ENDPOINTS',
      `model: ${modelFullName} has ${mostEndpoints} live endpoints, and can have no more: retire one first`,
      { limit: mostEndpoints },
      ['model'],
    );
  }
}
