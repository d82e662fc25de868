import { generateKeyPairSync, sign } from 'node:crypto';
import { builtInPrincipals } from '@app/access';
import { AuditLog, type AuditObject } from '@app/audit';
import { actAs, Config, DomainError, isOpenToOthers, LOGGER, makeKeyFile, readIfThere } from '@app/platform';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { type DsseEnvelope, preAuthenticationEncoding } from './dsse.js';
import { type PublicSigningKey, type Signature, type SigningKey, signingKeyFrom } from './signing-key.js';
import { SigningKeyRepository } from './signing-key.repository.js';

/** Introducing a key is the service's own act, whoever signs first with it. */
const service = { id: builtInPrincipals.gates, name: 'imprimatur-gates', kind: 'SERVICE_PRINCIPAL' };

const auditedKey = (kid: string): AuditObject => ({
  kind: 'SIGNING_KEY',
  id: null,
  name: `signing key ${kid}`,
  within: null,
});

/**
 * The service's Ed25519 key: one at a time signs, and those before it stay known. The private half is in a file and in
 * memory; PostgreSQL has the public ones with their times. Whoever puts another key into the file rotates it
 * (docs/adr/0011-signing-key.md).
 */
@Injectable()
export class SigningKeys implements OnModuleInit {
  #key: SigningKey | undefined;

  constructor(
    private readonly audit: AuditLog,
    private readonly config: Config,
    private readonly keys: SigningKeyRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws Error when the file holds no Ed25519 key, or SIGNING_KEY_FILE names none */
  async onModuleInit(): Promise<void> {
    await this.load();
  }

  /** Every public key that ever signed, the newest first. No rights are asked: they are public. */
  history(): Promise<PublicSigningKey[]> {
    return this.keys.all();
  }

  /**
   * Signs a payload. Call it in the transaction that the payload tells of: the key stays the current one until that ends.
   * @throws DomainError UNAVAILABLE when another process has introduced a newer key
   */
  async seal(payloadType: string, payload: string): Promise<DsseEnvelope> {
    const bytes = Buffer.from(payload);
    const { kid, signature } = await this.sign(preAuthenticationEncoding(payloadType, bytes));
    return {
      payload: bytes.toString('base64'),
      payloadType,
      signatures: [{ keyid: kid, sig: signature.toString('base64') }],
    };
  }

  /**
   * Signs bytes as they are, for forms that say by themselves what they are. As `seal`, in the transaction that they tell of.
   * @throws DomainError UNAVAILABLE when another process has introduced a newer key
   */
  async sign(bytes: Uint8Array): Promise<Signature> {
    const key = this.#key;
    if (!key) throw new Error('the signing key is read when the module starts');
    await this.requireCurrent(key);
    return { kid: key.kid, publicKey: key.publicKey, signature: sign(null, bytes, key.privateKey) };
  }

  private async requireCurrent(key: SigningKey): Promise<void> {
    if (await this.keys.hold(key.kid)) return;
    await this.keys.serialize();
    const known = await this.keys.byKid(key.kid);
    if (!known) return actAs(service, () => this.introduce(key));
    if (!known.retiredAt) return;
    this.loadAgain();
    const message = `the signing key ${key.kid} of this process was retired at ${known.retiredAt.toISOString()}: the key in ${this.config.signingKeyFile} is read again, try once more`;
    throw new DomainError('UNAVAILABLE', 'SIGNING_KEY_RETIRED', message);
  }

  private async introduce(key: SigningKey): Promise<void> {
    const retired = await this.keys.retireCurrent();
    await this.keys.insert(key);
    const reason = 'the first signature with it';
    if (retired) {
      const after = { replacedBy: key.kid };
      await this.audit.record({ action: 'signing_key.retired', object: auditedKey(retired), after, reason });
    }
    const after = { publicKey: key.publicKey };
    await this.audit.record({ action: 'signing_key.introduced', object: auditedKey(key.kid), after, reason });
  }

  /** Inside a transaction no file is read: it is done meanwhile, for the next attempt. */
  private loadAgain(): void {
    this.load().catch((error) => this.logger.error({ err: error }, 'the signing key cannot be read again'));
  }

  private async load(): Promise<void> {
    const file = this.config.signingKeyFile;
    if ((await readIfThere(file)) === undefined) {
      if (this.config.settings.SIGNING_KEY_FILE) {
        throw new Error(`SIGNING_KEY_FILE ("${file}") does not exist: it must name a file with an Ed25519 private key`);
      }
      const { privateKey } = generateKeyPairSync('ed25519');
      await makeKeyFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    }
    if (await isOpenToOthers(file)) {
      this.logger.warn({ file }, 'everybody on this machine can reach the signing key: chmod 600');
    }
    this.#key = await signingKeyFrom((await readIfThere(file)) ?? '', file);
  }
}
