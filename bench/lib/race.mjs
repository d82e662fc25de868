// The same load for each server of a list, ours first, in turn.
import { load } from './load.mjs';
import { throughput } from './report.mjs';
import { alternate } from './rounds.mjs';

/**
 * @param {{ name: string, url: string }[]} servers
 * @param {(server: object) => (connection: number, sequence: number) => object} requestsOf what is sent to a server
 * @returns {Promise<object[]>} the medians of each server
 */
export async function race(servers, requestsOf, connections, { rounds, seconds }) {
  const contenders = servers.map((server) => {
    const requestOf = requestsOf(server);
    return [server.name, () => load({ url: server.url, connections, seconds, requestOf })];
  });
  const results = await alternate(Object.fromEntries(contenders), rounds);
  return servers.map(({ name }) => ({ name, ...results[name] }));
}

/** One row for each peer of ours; the goal counts against the fastest. */
export function rowsOf(what, [ours, ...peers], goal) {
  const { name: _, ...own } = ours;
  if (peers.length === 0) return [{ what, ours: own }];
  const best = Math.max(...peers.map(({ perSecond }) => perSecond));
  return peers.map((peer) => throughput(what, own, peer, peer.perSecond === best ? goal : undefined));
}
