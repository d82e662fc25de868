export { Config, describedSettings, type Settings } from './config/config.js';
export { loadConfig, loadConfigOrExit } from './config/load-config.js';
export type { OpenidIssuer } from './config/openid-issuers.js';
export {
  actAs,
  type Caller,
  currentContext,
  type Narrowing,
  type RequestContext,
  runInContext,
} from './context/request-context.js';
export { type Batched, Batcher } from './database/batcher.js';
export { Database, Transaction } from './database/database.js';
export { isStatementTimeout } from './database/database-errors.js';
export { IdSet } from './database/id-set.js';
export { Notifications } from './database/notifications.js';
export { TransactionalPool } from './database/pool.js';
export {
  AlreadyExists,
  Conflict,
  DomainError,
  type ErrorKind,
  FailedPrecondition,
  InvalidArgument,
  NotFound,
  SeveralFailures,
  throwAll,
} from './errors/domain-error.js';
export { errorWire } from './errors/error-wire.js';
export { isOpenToOthers, makeKeyFile, readIfThere } from './files/key-file.js';
export { Readiness, type ReadinessReport } from './health/readiness.js';
export { type IdempotencyKey, IdempotencyKeys, type KeptAnswer } from './idempotency/idempotency-keys.js';
export { canonicalJson } from './json/canonical-json.js';
export { jsonProblem } from './json/json-problem.js';
export { NestLogger } from './logging/logger.js';
export { Metrics } from './metrics/metrics.js';
export { nodeId } from './node-id.js';
export { definedEvents, defineEvent, Outbox, type OutboxEvent, type OutboxMessage } from './outbox/outbox.js';
export { type KeysetQuery, keysetPage, type Page, type PageArgs, type SortKey } from './paging/keyset.js';
export { PlatformModule } from './platform.module.js';
export { LOGGER, QUEUE_CONNECTION } from './platform.tokens.js';
export type { QueueBackend, QueueConnection } from './queue/queue-connection.js';
export { fullQueueName, type QueueName, queueNames } from './queue/queue-names.js';
