// The same load for each server of a list, ours first, in turn.
import { DatabaseCpu } from './database-cpu.mjs';
import { load } from './load.mjs';
import { throughput } from './report.mjs';
import { alternate } from './rounds.mjs';

/** Does something, and tells beside its result how long PostgreSQL has worked for a request of it. */
async function withDatabaseCpu(server, work) {
  const cpu = server.databaseUrl && new DatabaseCpu(server.databaseUrl);
  if (!cpu) return work();
  const before = await cpu.backends();
  const started = performance.now();
  const result = await work();
  const elapsed = (performance.now() - started) / 1000;
  const spent = await cpu.since(before);
  await cpu.client.end();
  const requests = result.perSecond * elapsed;
  return spent === undefined || requests === 0 ? result : { ...result, databaseMs: spent / requests };
}

/**
 * @param {{ name: string, url: string }[]} servers
 * @param {(server: object) => (connection: number, sequence: number) => object} requestsOf what is sent to a server
 * @returns {Promise<object[]>} the medians of each server
 */
export async function race(servers, requestsOf, connections, { rounds, seconds }) {
  const requests = new Map(servers.map((server) => [server, requestsOf(server)]));
  const work = (server) => load({ url: server.url, connections, seconds, requestOf: requests.get(server) });
  return raceOf(servers, work, rounds);
}

/** The same of any work that answers with requests in a second and their times. */
export async function raceOf(servers, work, rounds) {
  const contenders = servers.map((server) => [server.name, () => withDatabaseCpu(server, () => work(server))]);
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
