import type { PublicSigningKey } from '@app/signing';

/** A JWK Set (RFC 7517). Members that it does not define are for readers who know them. */
export interface KeySet {
  keys: {
    kty: 'OKP';
    crv: 'Ed25519';
    use: 'sig';
    alg: 'EdDSA';
    kid: string;
    x: string;
    introducedAt: string;
    retiredAt: string | null;
  }[];
}

export const toKeySet = (keys: readonly PublicSigningKey[]): KeySet => ({
  keys: keys.map(({ kid, publicKey, introducedAt, retiredAt }) => ({
    kty: 'OKP',
    crv: 'Ed25519',
    use: 'sig',
    alg: 'EdDSA',
    kid,
    x: publicKey,
    introducedAt: introducedAt.toISOString(),
    retiredAt: retiredAt?.toISOString() ?? null,
  })),
});
