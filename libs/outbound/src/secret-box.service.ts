import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { Config, isOpenToOthers, LOGGER, makeKeyFile, readIfThere } from '@app/platform';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { SecretUnreadable } from './outbound.errors.js';

const FORMAT = 'v1';
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

interface SealingKey {
  /** Tells keys apart in what they sealed, and nothing about them. */
  id: string;
  bytes: Buffer;
}

function sealingKeyFrom(text: string, file: string): SealingKey {
  const bytes = /^[A-Za-z0-9+/]{43}=\s*$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0);
  if (bytes.length !== KEY_BYTES) throw new Error(`"${file}" must hold ${KEY_BYTES} random bytes in base64`);
  return { id: createHash('sha256').update('sealing key id').update(bytes).digest('hex').slice(0, 8), bytes };
}

/**
 * Seals the secrets that the service must be able to read again (of webhooks, for example), so that whoever reads the
 * database or its backup has none of them. The key is a file, beside the signing key and kept like it.
 */
@Injectable()
export class SecretBox implements OnModuleInit {
  #key: SealingKey | undefined;

  constructor(
    private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws Error when the file holds no key, or SECRETS_KEY_FILE names none */
  async onModuleInit(): Promise<void> {
    const file = this.config.secretsKeyFile;
    if ((await readIfThere(file)) === undefined) {
      if (this.config.settings.SECRETS_KEY_FILE) {
        throw new Error(`SECRETS_KEY_FILE ("${file}") does not exist: it must name a file with 32 bytes in base64`);
      }
      await makeKeyFile(file, `${randomBytes(KEY_BYTES).toString('base64')}\n`);
    }
    if (await isOpenToOthers(file)) {
      this.logger.warn({ file }, 'everybody on this machine can reach the key of the secrets: chmod 600');
    }
    this.#key = sealingKeyFrom((await readIfThere(file)) ?? '', file);
  }

  /**
   * @param context what the secret belongs to, for example `webhook:` and an id. It is not kept: `open` asks for the same, so
   *   that a sealed secret is of no use in another row.
   */
  seal(text: string, context: string): string {
    const { id, bytes } = this.key;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, bytes, nonce).setAAD(Buffer.from(context));
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${FORMAT}.${id}.${sealed.toString('base64url')}`;
  }

  /** @throws SecretUnreadable when it was sealed with another key or for another context, or was changed */
  open(sealed: string, context: string): string {
    const { id, bytes } = this.key;
    const [version, keyId, encoded = ''] = sealed.split('.');
    if (version === FORMAT && keyId !== id) {
      throw new SecretUnreadable('a secret was sealed with another key than that of this installation: enter it again');
    }
    try {
      if (version !== FORMAT) throw new Error(`the format is not ${FORMAT}`);
      const raw = Buffer.from(encoded, 'base64url');
      const decipher = createDecipheriv(CIPHER, bytes, raw.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(context))
        .setAuthTag(raw.subarray(-TAG_BYTES));
      return decipher.update(raw.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    } catch (error) {
      throw new SecretUnreadable('a sealed secret is not what was sealed here: enter it again', error);
    }
  }

  private get key(): SealingKey {
    if (!this.#key) throw new Error('the key of the secrets is read when the module starts');
    return this.#key;
  }
}
