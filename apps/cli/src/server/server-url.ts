import { CliError } from '../cli-error.js';

const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * The address of a server in the one form in which it is stored: no user, no query, no trailing slash.
 * @throws CliError naming what is wrong
 */
export function serverUrl(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const wrong = (what: string) =>
    new CliError('USAGE', `server: "${withoutSecrets(given)}" ${what}, such as https://models.example.org`);
  if (!url || !['http:', 'https:'].includes(url.protocol)) throw wrong('is not an http or https address');
  if (url.username || url.password) throw wrong('holds a user or a password: give the address alone');
  if (url.search || url.hash) throw wrong('has a query or a fragment: give the address alone');
  return `${url.origin}${url.pathname.replace(/(\/graphql)?\/*$/, '')}`;
}

/** Everything before an "@" may be a password. */
const withoutSecrets = (given: string): string => given.replace(/\/\/[^/@]*@/, '//…@');

/** Does the token travel readable for others? On this machine it does not leave it. */
export function isInTheClear(server: string): boolean {
  const { protocol, hostname } = new URL(server);
  return protocol === 'http:' && !loopback.test(hostname);
}
