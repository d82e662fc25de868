// A small load generator: N kept-alive connections, each with one request in flight.
import http from 'node:http';

/** One request, its answer read to the end. @returns {Promise<{ status: number, body: Buffer }>} */
export function exchange(agent, url, { method = 'GET', path, headers, body }) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { agent, method, path, headers }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode, body: Buffer.concat(chunks) }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** The value below which the share lies, of values in ascending order. */
export const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

/** Requests in a second, and their times in milliseconds. */
export function summaryOf(times, elapsedSeconds) {
  times.sort((a, b) => a - b);
  return { perSecond: times.length / elapsedSeconds, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

/**
 * Loads a server for a while.
 * @param {{ url: string, connections: number, seconds: number, requestOf: (connection: number, sequence: number) => object }} options
 *   requestOf: what a connection sends as its nth request
 * @returns {Promise<{ perSecond: number, p50: number, p99: number, errors: number }>} times in milliseconds; an answer
 *   from status 400 on, and a broken connection, is an error and no request
 */
export async function load({ url, connections, seconds, requestOf }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const times = [];
  let errors = 0;
  const start = performance.now();
  const end = start + seconds * 1000;

  async function connection(number) {
    for (let sequence = 0; performance.now() < end; sequence++) {
      const sent = performance.now();
      const { status } = await exchange(agent, url, requestOf(number, sequence)).catch(() => ({ status: 0 }));
      if (status >= 200 && status < 400) times.push(performance.now() - sent);
      else errors++;
    }
  }

  await Promise.all(Array.from({ length: connections }, (_, number) => connection(number)));
  const elapsed = (performance.now() - start) / 1000;
  agent.destroy();
  return { ...summaryOf(times, elapsed), errors };
}
