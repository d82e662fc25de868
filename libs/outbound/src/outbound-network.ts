import { lookup } from 'node:dns/promises';
import { Injectable } from '@nestjs/common';

export interface ResolvedAddress {
  address: string;
  family: number;
}

/** The network as the operating system knows it: the one thing of a call that tests replace. */
@Injectable()
export class OutboundNetwork {
  /** Certificates of authorities, in PEM, in place of those that Node trusts (and NODE_EXTRA_CA_CERTS adds to). */
  readonly authorities: string | undefined = undefined;

  /** @returns every address of a host name, in the order in which they are to be tried */
  resolve(hostname: string): Promise<ResolvedAddress[]> {
    return lookup(hostname, { all: true });
  }
}
