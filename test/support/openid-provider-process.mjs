// A real OpenID provider in a process of its own, for tests that change its keys and take it away. Its settings come, and
// change, by messages of its parent; it prints the path of every request.
import http from 'node:http';
import { Provider } from 'oidc-provider';

/** What the issuer says of its accounts: claims by subject. */
let accounts = {};
let server;

function start({ port, jwks, clients, resource, conformIdTokenClaims }) {
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    jwks,
    clients,
    conformIdTokenClaims,
    cookies: { keys: ['of-a-test'] },
    claims: { openid: ['sub'], profile: ['preferred_username', 'name', 'groups'], email: ['email', 'email_verified'] },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub, ...accounts[sub] }) }),
    extraTokenClaims: (_context, { accountId }) => accounts[accountId],
    features: {
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: 'models',
          audience: resource,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
  const handle = provider.callback();
  server = http.createServer((request, response) => {
    console.log(new URL(request.url, 'http://127.0.0.1').pathname);
    handle(request, response);
  });
  server.listen(port, '127.0.0.1', () => process.send('ready'));
}

process.on('message', (message) => {
  accounts = message.accounts ?? accounts;
  if (message.start) start(message.start);
  else process.send('changed');
});
process.on('disconnect', () => process.exit());
