import { createHmac, randomBytes } from 'node:crypto';

export interface SignedMessage {
  /** What the receiver knows the message by: the same for each attempt to deliver it. Without a full stop. */
  id: string;
  /** When this attempt is made: receivers refuse what is minutes old. */
  timestamp: Date;
  /** The body, as it is sent to the last byte. */
  body: string;
  /** One signature for each: the new and the old secret, while one follows the other. */
  secrets: readonly string[];
}

export interface SignatureHeaders extends Record<string, string> {
  'webhook-id': string;
  'webhook-timestamp': string;
  'webhook-signature': string;
}

const PREFIX = 'whsec_';
const SECRET_BYTES = 32;

/** A new secret for `signed`: `whsec_` and 32 random bytes in base64. */
export const newSigningSecret = (): string => PREFIX + randomBytes(SECRET_BYTES).toString('base64');

function keyOf(secret: string): Buffer {
  const encoded = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : '';
  if (!/^[A-Za-z0-9+/]{32,}={0,2}$/.test(encoded)) {
    throw new Error(`a signing secret is ${PREFIX} and at least 24 bytes in base64`);
  }
  return Buffer.from(encoded, 'base64');
}

/**
 * The headers that sign a message as Standard Webhooks asks (version 1.0.0, symmetric): HMAC-SHA256 over id, timestamp and
 * body, separated by full stops.
 * @throws Error for an id with a full stop, no secret, or one that `newSigningSecret` cannot have made
 */
export function signed({ id, timestamp, body, secrets }: SignedMessage): SignatureHeaders {
  if (!/^[\x21-\x2d\x2f-\x7e]+$/.test(id))
    throw new Error(`the message id "${id}" must be ASCII without "." and spaces`);
  if (secrets.length === 0) throw new Error('a message is signed with at least one secret');
  const seconds = String(Math.floor(timestamp.getTime() / 1000));
  const signatures = secrets.map((secret) => {
    const signature = createHmac('sha256', keyOf(secret)).update(`${id}.${seconds}.${body}`).digest('base64');
    return `v1,${signature}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': signatures.join(' ') };
}
