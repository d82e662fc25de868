import path from 'node:path';
import { z } from 'zod';
import { artifactSettings } from './artifact-settings.js';
import { auditSettings } from './audit-settings.js';
import { gateSettings } from './gate-settings.js';
import { notificationSettings } from './notification-settings.js';
import { openidIssuers } from './openid-issuers.js';
import { openlineageSettings } from './openlineage-settings.js';
import { outboundSettings } from './outbound-settings.js';
import { isNetwork, listOf, onOrOff } from './setting-types.js';
import { webhookSettings } from './webhook-settings.js';

const port = z.coerce.number().int().min(0).max(65535);
const postgresUrl = z.string().regex(/^postgres(ql)?:\/\/.+/, 'must be postgresql://user:password@host:5432/database');
const redisUrl = z.string().regex(/^rediss?:\/\/.+/, 'must be redis://host:6379 or rediss://host:6379');
const schemaName = z
  .string()
  .regex(
    /^[^./:@\s][^./:@]*\.[^./:@]*[^./:@\s]$|^[^./:@\s]\.[^./:@\s]$/,
    'must be catalog.schema, for example main.default',
  );
const proxy = z
  .string()
  .refine(
    (text) => isNetwork(text) || ['loopback', 'linklocal', 'uniquelocal'].includes(text),
    'must be IP addresses or networks, for example 10.0.0.0/8, or loopback, linklocal, uniquelocal, separated by commas',
  );
const origin = z
  .string()
  .refine(
    (text) => /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text,
    'must be origins as browsers send them, for example https://console.example.com, separated by commas; * is none',
  );
/** Which types there are, libs/policy knows: a name that is none limits nothing. */
const gateTypeLimits = z
  .string()
  .regex(
    /^([A-Z_]+=[1-9]\d{0,2})(,[A-Z_]+=[1-9]\d{0,2})*$/,
    'must be types of gates with numbers from 1 to 999, for example ARTIFACT_SCAN=2,ARTIFACT_INTEGRITY=4',
  );
const logLevel = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']);

/** Every setting of the service. README.md shows this table to people; a test holds the two together. */
export const settings = {
  HOST: z.string().min(1).default('127.0.0.1').describe('The address to listen on.'),
  PORT: port.default(4000).describe('The port of the API; 0 takes any free one.'),
  WORKER_PORT: port.default(4001).describe('The port of the worker’s health and metrics; 0 takes any free one.'),
  PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .optional()
    .describe('The address that people and error messages are shown; `http://HOST:PORT` when not set.'),
  DATA_DIR: z.string().min(1).default('data').describe('The folder for artifacts, and for the embedded PostgreSQL.'),
  DATABASE_URL: postgresUrl.describe(
    'The PostgreSQL that is the truth. `npm start` runs an embedded one when not set.',
  ),
  DATABASE_POOL_SIZE: z.coerce
    .number()
    .int()
    .min(2)
    .max(200)
    .default(10)
    .describe('Connections of one process to PostgreSQL, 2 to 200.'),
  REDIS_URL: redisUrl
    .optional()
    .describe(
      'Redis or Valkey for the queue, and for what API processes count together; without it the queue is in PostgreSQL.',
    ),
  BOOTSTRAP_ADMIN_TOKEN: z
    .string()
    .min(16, 'must have at least 16 characters')
    .optional()
    .describe('The token of the first administrator; a random one is made when not set.'),
  DEFAULT_SCHEMA: schemaName.default('main.default').describe('Where a model name without dots lives.'),
  MLFLOW_AUTO_REQUEST: onOrOff.describe(
    'Whether an MLflow client that would move a protected alias or stage opens the promotion request by it: `true` or `false`.',
  ),
  SIGNING_KEY_FILE: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The Ed25519 private key (PEM) that signs statements; one is made at `DATA_DIR/signing-key.pem` when not set.',
    ),
  GATE_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(256)
    .default(16)
    .describe('Gates that one worker runs at the same time.'),
  GATE_TYPE_CONCURRENCY: gateTypeLimits
    .default('ARTIFACT_SCAN=2,HOLDOUT_EVALUATION=1')
    .describe('Of these, gates of one type that one worker runs at the same time: `TYPE=number`, separated by commas.'),
  ...gateSettings,
  RECONCILE_SECONDS: z.coerce
    .number()
    .min(0.1)
    .max(3600)
    .default(5)
    .describe('Seconds between two rounds of the reconciler, which brings on what got stuck.'),
  BREAK_GLASS_REVIEW_HOURS: z.coerce
    .number()
    .positive()
    .max(24 * 365)
    .default(72)
    .describe('Hours within which a promotion past the policy is to be reviewed by somebody else.'),
  INLINE_DIGEST_BYTES: z.coerce
    .number()
    .int()
    .min(0)
    .default(256 * 2 ** 20)
    .describe('Versions up to this size get their digest while they are registered, larger ones in the worker.'),
  BODY_LIMIT_BYTES: z.coerce
    .number()
    .int()
    .min(1024)
    .default(20 * 2 ** 20)
    .describe(
      'The largest JSON body, which a dataset of MLflow with its profile fits into; artifacts are streamed, and have a bound of their own.',
    ),
  ...artifactSettings,
  REQUEST_TIMEOUT_SECONDS: z.coerce
    .number()
    .min(1)
    .max(3600)
    .default(60)
    .describe('Within it a request must have arrived, its body included; an upload of an artifact must go on.'),
  TRUST_PROXY: listOf(proxy).describe(
    'The proxies in front of the API, by address or network, separated by commas. Only their `X-Forwarded-*` is believed.',
  ),
  CORS_ORIGINS: listOf(origin).describe(
    'The origins, separated by commas, whose pages may call the API from a browser; none when not set.',
  ),
  AUTH_FAILURES_PER_ADDRESS: z.coerce
    .number()
    .int()
    .min(1)
    .default(100)
    .describe(
      'Failed authentications of one client address in a window, before the address is refused; as many logins it may begin.',
    ),
  AUTH_FAILURES_PER_PRINCIPAL: z.coerce
    .number()
    .int()
    .min(1)
    .default(20)
    .describe('The same for one user name or token prefix, before an address is refused at its first failure with it.'),
  AUTH_FAILURES_WINDOW_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .max(86_400)
    .default(60)
    .describe('How long failed authentications are counted.'),
  OIDC_ISSUERS: openidIssuers.describe(
    'The OpenID Connect issuers whose tokens are accepted, as a JSON array (docs/operations.md); none when not set.',
  ),
  SESSION_IDLE_MINUTES: z.coerce
    .number()
    .int()
    .min(1)
    .max(1440)
    .default(60)
    .describe('A session of a browser ends when it is not used for so long.'),
  SESSION_HOURS: z.coerce
    .number()
    .int()
    .min(1)
    .max(168)
    .default(12)
    .describe('A session of a browser ends after so long, used or not.'),
  SUBSCRIPTIONS_PER_PROCESS: z.coerce
    .number()
    .int()
    .min(1)
    .default(1000)
    .describe('GraphQL subscriptions, and WebSockets for them, that one API process holds open.'),
  SUBSCRIPTIONS_PER_PRINCIPAL: z.coerce
    .number()
    .int()
    .min(1)
    .default(50)
    .describe('The same for one principal in one process.'),
  ...auditSettings,
  ...outboundSettings,
  ...notificationSettings,
  ...webhookSettings,
  ...openlineageSettings,
  LOG_LEVEL: logLevel.default('info').describe('`fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`.'),
};

export type Settings = { [K in keyof typeof settings]: z.output<(typeof settings)[K]> };

/** The validated configuration of a process. Directories are absolute, `publicUrl` has no trailing slash. */
export class Config {
  constructor(readonly settings: Settings) {}

  get artifactRoot(): string {
    return path.resolve(this.settings.DATA_DIR, 'artifacts');
  }

  /** Where the private key is that signs. */
  get signingKeyFile(): string {
    const { SIGNING_KEY_FILE, DATA_DIR } = this.settings;
    return path.resolve(SIGNING_KEY_FILE ?? path.join(DATA_DIR, 'signing-key.pem'));
  }

  /** Where the key is that seals the secrets in the database. */
  get secretsKeyFile(): string {
    const { SECRETS_KEY_FILE, DATA_DIR } = this.settings;
    return path.resolve(SECRETS_KEY_FILE ?? path.join(DATA_DIR, 'secrets-key'));
  }

  get publicUrl(): string {
    const { PUBLIC_URL, HOST, PORT } = this.settings;
    return (PUBLIC_URL ?? `http://${HOST.includes(':') ? `[${HOST}]` : HOST}:${PORT}`).replace(/\/+$/, '');
  }
}

export const settingNames = Object.keys(settings) as (keyof Settings)[];

/** The settings as people read them: `preset` is undefined where there is no value unless one is given. */
export const describedSettings = settingNames.map((name) => {
  const setting = settings[name];
  const preset = setting instanceof z.ZodDefault ? String(setting.def.defaultValue) : undefined;
  return { name, preset, description: setting.description ?? '' };
});
