import { validateHeaderName, validateHeaderValue } from 'node:http';
import { isIP } from 'node:net';
import { Config } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { OutboundFailed, OutboundRefused } from './outbound.errors.js';
import { AllowedNetworks, isPublicAddress } from './outbound-address.js';
import { type ExchangeAnswer, exchange } from './outbound-exchange.js';
import { OutboundNetwork, type ResolvedAddress } from './outbound-network.js';
import { checkOutboundUrl } from './outbound-url.js';

export interface OutboundCall {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** For all of it: the look-up of the name, the connection, and the last byte of the answer. */
  timeoutMs: number;
  /** How much of the answer's body is read; 64 KiB when not said. */
  maxResponseBytes?: number;
  /** Ends the call early: it then throws the reason of this signal. */
  signal?: AbortSignal;
}

export interface OutboundAnswer extends ExchangeAnswer {
  durationMs: number;
}

const DEFAULT_MAX_RESPONSE_BYTES = 64 * 1024;

/** What went wrong, as a word that tells nothing of this side's network: never an address that a name led to. */
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? (error as Error).name;

/** @throws OutboundRefused for a name or a value that cannot stand in HTTP: line breaks and control characters */
function requireSendable(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch (error) {
      throw new OutboundRefused(`the header ${JSON.stringify(name)} has a character that cannot be sent`, error);
    }
  }
}

/** `work`, or the reason of the signal where that comes first. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/**
 * The one way in which the service calls an address that somebody typed in. It cannot be made to reach what only this machine
 * can: a name is resolved once, each address is judged, and the connection goes to these addresses and no others
 * (docs/adr/0013-outbound-calls.md).
 */
@Injectable()
export class OutboundHttp {
  readonly #allowed: AllowedNetworks;

  constructor(
    config: Config,
    private readonly network: OutboundNetwork,
  ) {
    this.#allowed = new AllowedNetworks(config.settings.OUTBOUND_ALLOW);
  }

  /**
   * Any status is an answer, redirects too: none is followed.
   * @throws OutboundRefused when the URL or a header is wrong, or the address not allowed; OutboundFailed when there was no
   *   whole answer within `timeoutMs`; the reason of `signal` when that ended it
   */
  async post(call: OutboundCall): Promise<OutboundAnswer> {
    const wrong = checkOutboundUrl(call.url);
    if (wrong) throw new OutboundRefused(`the URL ${wrong}`);
    requireSendable(call.headers);
    const url = new URL(call.url);
    const deadline = AbortSignal.timeout(call.timeoutMs);
    const signal = call.signal ? AbortSignal.any([deadline, call.signal]) : deadline;
    const started = performance.now();
    try {
      const addresses = await this.addressesOf(url, signal);
      const { authorities } = this.network;
      const { headers, body, maxResponseBytes = DEFAULT_MAX_RESPONSE_BYTES } = call;
      const answer = await orAborted(
        exchange({ url, addresses, authorities, headers, body, maxResponseBytes, signal }),
        signal,
      );
      return { ...answer, durationMs: Math.round(performance.now() - started) };
    } catch (error) {
      call.signal?.throwIfAborted();
      if (error instanceof OutboundRefused || error instanceof OutboundFailed) throw error;
      if (deadline.aborted) throw new OutboundFailed(`${url.origin} did not answer within ${call.timeoutMs} ms`, error);
      throw new OutboundFailed(`${url.origin} could not be reached, or broke off: ${codeOf(error)}`, error);
    }
  }

  /** @throws OutboundRefused when one of the addresses is not allowed: a name that leads to several sorts is not to be trusted */
  private async addressesOf(url: URL, signal: AbortSignal): Promise<ResolvedAddress[]> {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const literal = isIP(host);
    const addresses = literal
      ? [{ address: host, family: literal }]
      : await orAborted(this.network.resolve(host), signal);
    if (addresses.length === 0) throw new OutboundFailed(`${url.origin} has no address`);
    const refused = (why: string) => new OutboundRefused(`${url.origin} may not be called: ${why}`);
    const isAllowed = ({ address }: ResolvedAddress) => this.#allowed.allows(address);
    if (!addresses.every((one) => isPublicAddress(one.address) || isAllowed(one))) {
      throw refused('its address is not on the public internet, and not in OUTBOUND_ALLOW');
    }
    if (url.protocol === 'http:' && !addresses.every(isAllowed)) {
      throw refused('plain http is for the networks of OUTBOUND_ALLOW, elsewhere it must be https');
    }
    return addresses;
  }
}
