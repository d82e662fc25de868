/** A signed payload (DSSE 1.0, https://github.com/secure-systems-lab/dsse). Base64 is the standard one, padded. */
export interface DsseEnvelope {
  payload: string;
  payloadType: string;
  signatures: { keyid: string; sig: string }[];
}

/** What is signed: the payload and its type, each after its length in bytes, so that neither can pass for the other. */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.byteLength} `;
  return Buffer.concat([Buffer.from(head), payload]);
}
