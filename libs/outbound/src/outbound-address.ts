import { BlockList, isIPv4 } from 'node:net';

/**
 * What nobody on the public internet answers from: IANA's special-purpose registries (RFC 6890 and its updates), multicast,
 * and the one public address behind which a cloud keeps its machine's secrets.
 */
const SPECIAL_NETWORKS = [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // shared by carrier-grade NAT; the metadata of some clouds
  '127.0.0.0/8', // loopback
  '168.63.129.16/32', // Azure's platform, reachable from each of its machines
  '169.254.0.0/16', // link-local; the metadata of most clouds
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.31.196.0/24', // AS112
  '192.52.193.0/24', // automatic multicast tunnels
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '192.175.48.0/24', // AS112
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
  '2001::/23', // protocol assignments, Teredo among them
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4, which carries any IPv4 address
  '2620:4f:8000::/48', // AS112
  '3fff::/20', // documentation
];

/** Of IPv6 only this is handed out to the public; mapped, translated (NAT64), local and multicast addresses are outside. */
const GLOBAL_UNICAST = '2000::/3';

const familyOf = (address: string) => (isIPv4(address) ? 'ipv4' : 'ipv6');

function listed(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = familyOf(address);
    list.addSubnet(address, bits === undefined ? { ipv4: 32, ipv6: 128 }[family] : Number(bits), family);
  }
  return list;
}

const special = listed(SPECIAL_NETWORKS);
const globalUnicast = listed([GLOBAL_UNICAST]);

/** May anybody's webhook go to this IP address? True for what is on the public internet. */
export function isPublicAddress(address: string): boolean {
  const family = familyOf(address);
  return (family === 'ipv4' || globalUnicast.check(address, family)) && !special.check(address, family);
}

/** The networks of OUTBOUND_ALLOW: `allows(address)` tells whether an IP address is in one of them. */
export class AllowedNetworks {
  readonly #ipv4: BlockList;
  readonly #ipv6: BlockList;

  /** @param networks IP addresses, or networks as address/bits */
  constructor(networks: readonly string[]) {
    // One list for each family: in a list of both, an IPv4 address is found in an IPv6 network that maps it, and the reverse.
    this.#ipv4 = listed(networks.filter((network) => !network.includes(':')));
    this.#ipv6 = listed(networks.filter((network) => network.includes(':')));
  }

  allows(address: string): boolean {
    return isIPv4(address) ? this.#ipv4.check(address, 'ipv4') : this.#ipv6.check(address, 'ipv6');
  }
}
