export type { DsseEnvelope } from './dsse.js';
export { SigningModule } from './signing.module.js';
export type { PublicSigningKey } from './signing-key.js';
export { SigningKeys } from './signing-keys.service.js';
