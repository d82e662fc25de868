import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';

/** An IPv4 address as a socket of IPv6 shows it. */
const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Whom an address counts as: a client of IPv6 has a network of 2^64 addresses, and could take another for each attempt. */
export function clientOf(address: string): string {
  const v4 = mapped.exec(address)?.[1];
  if (v4 !== undefined) return v4;
  return isIPv6(address) ? `${networkOf(address)}::/64` : address;
}

/** The first 64 bits. */
function networkOf(address: string): string {
  const [head = '', tail = ''] = address.replace(/%.*$/, '').split('::');
  const groups = (text: string) => text.split(':').filter(Boolean);
  const zeros = Array<string>(8).fill('0');
  // The groups before "::", as many zeros as are left out, and those behind it.
  const before = groups(head);
  const all = [...before, ...zeros.slice(before.length + groups(tail).length), ...groups(tail)];
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

/**
 * Whom a request says that it is, as far as that is known without believing it: the user name of HTTP basic, issuer and
 * subject of a JWT, the prefix of any other token, which is shown in lists. A digest: it is a key of bounded length, and
 * nothing that a client sends is kept in clear.
 */
export function presentedPrincipal(header: string): string {
  return createHash('sha256').update(claimOf(header)).digest('base64url').slice(0, 22);
}

function claimOf(header: string): string {
  const [scheme = '', value = ''] = header.trim().split(/\s+/, 2);
  if (/^basic$/i.test(scheme)) {
    const [user = ''] = Buffer.from(value, 'base64').toString('utf8').split(':', 1);
    return `user ${user.normalize('NFC').toLowerCase()}`;
  }
  return subjectOf(value) ?? `token ${value.slice(0, 8)}`;
}

/** Issuer and subject that a JWT names; undefined when it is none. Nothing is verified here. */
function subjectOf(token: string): string | undefined {
  const [, payload, signature] = token.split('.');
  if (!payload || signature === undefined) return undefined;
  try {
    const { iss, sub } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return `subject ${JSON.stringify([iss, sub])}`;
  } catch {
    return undefined;
  }
}
