import { createHash } from 'node:crypto';

/** What a checkpoint says: a tree of so many leaves has this root. */
export interface TreeHead {
  /** The name of the log, which no other log has. */
  origin: string;
  size: number;
  root: Buffer;
}

/** The algorithm byte of Ed25519 in C2SP signed-note. */
const ed25519 = 0x01;

/** The text that is signed (https://c2sp.org/tlog-checkpoint). */
export const checkpointText = ({ origin, size, root }: TreeHead): string =>
  `${origin}\n${size}\n${root.toString('base64')}\n`;

/** The first bytes of a hash over a key and its name, by which a verifier finds the key of a signature. */
const keyId = (name: string, publicKey: Buffer): Buffer =>
  createHash('sha256').update(`${name}\n`).update(Buffer.of(ed25519)).update(publicKey).digest().subarray(0, 4);

/** A line that says who signed a text, and how (https://c2sp.org/signed-note). */
export function signatureLine(name: string, publicKey: Buffer, signature: Buffer): string {
  return `— ${name} ${Buffer.concat([keyId(name, publicKey), signature]).toString('base64')}\n`;
}

/** The text with its signature. */
export const signedNote = (text: string, name: string, publicKey: Buffer, signature: Buffer): string =>
  `${text}\n${signatureLine(name, publicKey, signature)}`;

/** The public key as verifiers of signed notes take it: name, id and key. */
export function verifierKey(name: string, publicKey: Buffer): string {
  const key = Buffer.concat([Buffer.of(ed25519), publicKey]).toString('base64');
  return `${name}+${keyId(name, publicKey).toString('hex')}+${key}`;
}

/** A checkpoint's parts, with what its first signature signs. */
export interface ReadNote extends TreeHead {
  text: string;
  signature: Buffer;
}

/** @returns undefined when the text is no checkpoint with a signature */
export function readNote(note: string): ReadNote | undefined {
  const parts = /^(([^\n]+)\n(\d+)\n([A-Za-z0-9+/=]+)\n)\n— \S+ ([A-Za-z0-9+/=]+)\n/.exec(note);
  if (!parts) return undefined;
  const [, text = '', origin = '', size, root = '', signature = ''] = parts;
  return {
    text,
    origin,
    size: Number(size),
    root: Buffer.from(root, 'base64'),
    signature: Buffer.from(signature, 'base64').subarray(4),
  };
}
