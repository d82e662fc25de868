import http, { type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import type { ResolvedAddress } from './outbound-network.js';

/** One POST, with everything about it decided: nothing here looks up a name, or judges an address. */
export interface Exchange {
  url: URL;
  addresses: readonly ResolvedAddress[];
  authorities: string | undefined;
  headers: Readonly<Record<string, string>>;
  body: string;
  maxResponseBytes: number;
  signal: AbortSignal;
}

export interface ExchangeAnswer {
  status: number;
  /** Names in lower case; several values of one name are joined by a comma. */
  headers: Record<string, string>;
  /** As UTF-8, whatever the answer says; it may hold any character, U+0000 too. */
  body: string;
  /** There was more of the body than was asked for; the rest was not read. */
  truncated: boolean;
}

const MAX_HEADER_BYTES = 16 * 1024;
/** What belongs to the connection: set here, whatever the caller says. */
const OWN_HEADERS = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'accept-encoding', 'expect']);

/** Answers with the addresses that were checked, whoever asks for whatever: nothing is resolved a second time. */
const pinnedTo =
  (addresses: readonly ResolvedAddress[]): LookupFunction =>
  (_hostname, { all }, done) => {
    const [first] = addresses;
    if (all) done(null, [...addresses]);
    else done(null, first?.address ?? '', first?.family);
  };

function headersOf({ headers, body }: Exchange): Record<string, string | number> {
  const given = Object.entries(headers).filter(([name]) => !OWN_HEADERS.has(name.toLowerCase()));
  return {
    'user-agent': 'Imprimatur',
    ...Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), value])),
    'accept-encoding': 'identity',
    'content-length': Buffer.byteLength(body),
  };
}

/** Up to `limit` bytes of the body; what is beyond is left unread, and the connection closed. */
async function readBody(response: IncomingMessage, limit: number): Promise<{ body: string; truncated: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > limit) break;
  }
  const truncated = size > limit;
  const bytes = Buffer.concat(chunks).subarray(0, limit);
  // In a stream, a character that was cut in two is left out, and not shown as a broken one.
  return { body: new TextDecoder().decode(bytes, { stream: truncated }), truncated };
}

async function read(response: IncomingMessage, limit: number): Promise<ExchangeAnswer> {
  const headers = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : `${value}`,
    ]),
  );
  return { status: response.statusCode ?? 0, headers, ...(await readBody(response, limit)) };
}

/**
 * Sends the request over a connection of its own, and reads the answer. Redirects are answers like any other.
 * @throws what Node throws: an error with a code
 */
export function exchange(call: Exchange): Promise<ExchangeAnswer> {
  const { url, addresses, authorities, body, signal, maxResponseBytes } = call;
  const options: RequestOptions & https.RequestOptions = {
    method: 'POST',
    headers: headersOf(call),
    agent: false,
    lookup: pinnedTo(addresses),
    maxHeaderSize: MAX_HEADER_BYTES,
    signal,
    ...(authorities !== undefined && { ca: authorities }),
  };
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? https.request(url, options) : http.request(url, options);
    let answered = false;
    request.on('error', reject);
    request.on('response', (response) => {
      answered = true;
      read(response, maxResponseBytes).then(resolve, reject);
    });
    // Node ends a connection whose protocol is changed (101) without an error.
    request.on('close', () => answered || reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
    request.end(body);
  });
}
