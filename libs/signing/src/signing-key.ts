import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';

/** The service's key, as one process holds it. The private half stays a KeyObject, which prints and serializes as nothing. */
export interface SigningKey {
  /** The RFC 7638 thumbprint of the public key: anybody can compute it from the key itself. */
  kid: string;
  /** The public key as in a JWK of type OKP: 32 bytes, base64url. */
  publicKey: string;
  privateKey: KeyObject;
}

/** A public key of the service, with the time in which it signed. */
export interface PublicSigningKey extends Pick<SigningKey, 'kid' | 'publicKey'> {
  /** When it signed for the first time. */
  introducedAt: Date;
  /** Since when another one signs; null: it is the current one. */
  retiredAt: Date | null;
}

/** An Ed25519 signature (RFC 8032), with the key that made it. */
export interface Signature extends Pick<SigningKey, 'kid' | 'publicKey'> {
  signature: Buffer;
}

/** @throws Error when it is no Ed25519 private key in PEM (PKCS #8). The message has nothing of the text. */
export async function signingKeyFrom(pem: string, file: string): Promise<SigningKey> {
  const right = 'it must hold an Ed25519 private key in PEM: openssl genpkey -algorithm ed25519';
  const privateKey = parse(pem);
  if (!privateKey) throw new Error(`the signing key ${file} cannot be read as a private key: ${right}`);
  if (privateKey.asymmetricKeyType !== 'ed25519') {
    throw new Error(`the signing key ${file} is of type ${privateKey.asymmetricKeyType}: ${right}`);
  }
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return { kid: await calculateJwkThumbprint({ kty: 'OKP', crv: 'Ed25519', x }), publicKey: x, privateKey };
}

function parse(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
