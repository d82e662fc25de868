// C2SP signed notes and checkpoints (https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint), read and checked.
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { CliError } from '../cli-error.js';
import type { Hash } from './merkle.js';

/** A key that is trusted, whatever a file says. */
export interface TrustedKey {
  name: string;
  id: Buffer;
  key: KeyObject;
}

export interface Checkpoint {
  origin: string;
  size: number;
  root: Hash;
}

/** SubjectPublicKeyInfo of an Ed25519 key, without the key (RFC 8410). */
const spki = Buffer.from('302a300506032b6570032100', 'hex');

/** @throws CliError when the text is no verifier key of Ed25519: name+id+key */
export function trustedKey(text: string): TrustedKey {
  const [, name = '', id = '', encoded = ''] = /^(\S+?)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(text.trim()) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  const right = bytes.length === 33 && bytes[0] === 1;
  const known = createHash('sha256').update(`${name}\n`).update(bytes).digest().subarray(0, 4);
  if (!right || known.toString('hex') !== id) {
    throw new CliError(
      'USAGE',
      `--key: "${text.trim()}" is no verifier key: take verifierKey of auditCheckpoint, which looks like name+0123abcd+base64`,
    );
  }
  const key = createPublicKey({ key: Buffer.concat([spki, bytes.subarray(1)]), format: 'der', type: 'spki' });
  return { name, id: known, key };
}

/** Does one of the signature lines hold, for this text, by a trusted key? */
export function isSigned(text: string, lines: string, keys: readonly TrustedKey[]): boolean {
  return lines.split('\n').some((line) => {
    const [, name, encoded = ''] = /^— (\S+) (\S+)$/.exec(line) ?? [];
    const bytes = Buffer.from(encoded, 'base64');
    return keys.some(
      (key) =>
        key.name === name &&
        bytes.subarray(0, 4).equals(key.id) &&
        verify(null, Buffer.from(text), key.key, bytes.subarray(4)),
    );
  });
}

/** What a checkpoint says, whoever signed it; undefined when it is none. */
export function readCheckpoint(note: string): Checkpoint | undefined {
  const [, origin, size, root] = /^([^\n]+)\n(0|[1-9]\d*)\n([A-Za-z0-9+/]{43}=)\n\n/.exec(note) ?? [];
  if (origin === undefined || size === undefined || root === undefined) return undefined;
  return { origin, size: Number(size), root };
}

export function isSignedCheckpoint(note: string, keys: readonly TrustedKey[]): boolean {
  const end = note.indexOf('\n\n');
  return isSigned(note.slice(0, end + 1), note.slice(end + 2), keys);
}

/** @returns what is wrong, or the checkpoint, signed by a trusted key */
export function openCheckpoint(note: string, keys: readonly TrustedKey[]): Checkpoint | string {
  const checkpoint = readCheckpoint(note);
  if (!checkpoint) return 'is no checkpoint';
  return isSignedCheckpoint(note, keys) ? checkpoint : 'is not signed with the key that you trust';
}

/** Origin, size, root, an empty line, and signatures, wherever they stand in a text. */
const checkpoints = /^[^\n]+\n(?:0|[1-9]\d*)\n[A-Za-z0-9+/]{43}=\n\n(?:— \S+ \S+\n)+/gm;

/**
 * The checkpoints that were kept somewhere: a checkpoint itself, a file that an anchor has written one after the other to, or
 * what was sent to a webhook as JSON, or shown by `audit checkpoint --json`.
 * @returns the smallest first; or what is wrong
 */
export function keptCheckpoints(text: string, keys: readonly TrustedKey[]): Checkpoint[] | string {
  const notes = (text.trimStart().startsWith('{') ? noteOf(text) : text).match(checkpoints) ?? [];
  const opened = notes.map((note) => openCheckpoint(note, keys));
  const wrong = opened.find((each) => typeof each === 'string');
  if (notes.length === 0 || wrong) return wrong ?? 'is no checkpoint';
  return (opened as Checkpoint[]).sort((a, b) => a.size - b.size);
}

function noteOf(json: string): string {
  try {
    const { data, note = data?.note } = JSON.parse(json);
    return typeof note === 'string' ? note : '';
  } catch {
    return '';
  }
}
