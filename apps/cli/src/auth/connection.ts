import { CliError } from '../cli-error.js';
import { Client } from '../server/client.js';
import { isInTheClear, serverUrl } from '../server/server-url.js';
import type { Terminal } from '../terminal/terminal.js';
import { Credentials } from './credentials.js';

/** Where `npm start` listens. */
export const localServer = 'http://127.0.0.1:4000';

export interface Connection {
  server: string;
  token: string;
  /** Where the token is from. */
  source: 'IMPRIMATUR_TOKEN' | 'credentials';
}

/** The server that is meant: --server, IMPRIMATUR_SERVER, that of the last login. */
export function chosenServer(given: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  const chosen = given ?? (env.IMPRIMATUR_SERVER || undefined) ?? new Credentials(env).read().current;
  return chosen === undefined ? undefined : serverUrl(chosen);
}

/** @throws CliError when no server is known, or there is no token for it */
export function findConnection(given: string | undefined, env: NodeJS.ProcessEnv): Connection {
  const server = chosenServer(given, env);
  if (!server) {
    throw new CliError('UNAUTHENTICATED', 'not logged in: run imprimatur auth login --server URL');
  }
  if (env.IMPRIMATUR_TOKEN?.trim()) return { server, token: env.IMPRIMATUR_TOKEN.trim(), source: 'IMPRIMATUR_TOKEN' };
  const token = new Credentials(env).read().servers[server]?.token;
  if (!token) {
    throw new CliError('UNAUTHENTICATED', `not logged in to ${server}: run imprimatur auth login --server ${server}`);
  }
  return { server, token, source: 'credentials' };
}

export function connect({ server, token }: Pick<Connection, 'server' | 'token'>, terminal: Terminal): Client {
  if (isInTheClear(server)) terminal.warn(`${server} is not https: the token travels readable for everyone on the way`);
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new CliError('UNAUTHENTICATED', 'the token holds characters that no token has: copy it once more');
  }
  return new Client(server, token);
}
