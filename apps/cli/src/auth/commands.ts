import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import { serverUrl } from '../server/server-url.js';
import type { Run, Session } from '../session.js';
import { askSecret, readStdin } from '../terminal/prompt.js';
import { isInteractive } from '../terminal/terminal.js';
import { instant } from '../terminal/text.js';
import { chosenServer, connect, findConnection, localServer } from './connection.js';
import { Credentials } from './credentials.js';
import { expiryOf, narrowingOf, tokenOf, whoAmI } from './identity.js';

const noun = { USER: 'user', SERVICE_PRINCIPAL: 'service principal', GROUP: 'group' };

async function login({ terminal, options, env }: Session, { tokenStdin }: { tokenStdin?: boolean }): Promise<void> {
  const server = chosenServer(options.server, env) ?? serverUrl(localServer);
  const token = (tokenStdin ? await readStdin() : await promptToken(server)).trim();
  if (!token) throw new CliError('USAGE', 'the token is empty: nothing was stored');
  const client = connect({ server, token }, terminal);
  const viewer = await whoAmI(client);
  const credentials = new Credentials(env);
  credentials.save(server, { token, principal: viewer.name });
  terminal.answer({ server, principal: viewer, stored: credentials.file }, (style) => [
    `Logged in to ${style.strong(server)} as ${noun[viewer.kind]} ${style.strong(viewer.name)}.`,
    style.faint(`The token is kept in ${credentials.file}`),
  ]);
  if (env.IMPRIMATUR_TOKEN) terminal.warn('IMPRIMATUR_TOKEN is set, and is used instead of the token that was stored');
}

async function promptToken(server: string): Promise<string> {
  if (!isInteractive()) throw new CliError('USAGE', 'nobody can be asked for the token here: give --token-stdin');
  return askSecret(`Token for ${server}: `);
}

async function status({ terminal, options, env }: Session): Promise<void> {
  const connection = findConnection(options.server, env);
  const client = connect(connection, terminal);
  const viewer = await whoAmI(client);
  const token = await tokenOf(client, connection.token);
  const expiresAt = token ? token.expiresAt : expiryOf(connection.token);
  const from = connection.source === 'IMPRIMATUR_TOKEN' ? 'IMPRIMATUR_TOKEN' : new Credentials(env).file;
  terminal.answer(
    { server: connection.server, principal: viewer, token: { source: connection.source, expiresAt, ...token } },
    (style) => {
      const line = (label: string, value: string) => `${style.faint(label.padEnd(10))}${value}`;
      return [
        line('server', connection.server),
        line('logged in', `${style.strong(viewer.name)} (${noun[viewer.kind]})`),
        line('token', [token?.name && `“${token.name}”`, `from ${from}`].filter(Boolean).join(', ')),
        ...(expiresAt === undefined ? [] : [line('expires', expiresAt ? instant(expiresAt) : 'never')]),
        ...(token && narrowingOf(token) ? [line('narrowed', narrowingOf(token))] : []),
      ];
    },
  );
}

function logout({ terminal, options, env }: Session): void {
  const server = chosenServer(options.server, env);
  const forgotten = server !== undefined && new Credentials(env).forget(server);
  terminal.answer({ server: server ?? null, forgotten }, () => [
    forgotten
      ? `Forgot the token for ${server}. It is still valid: revoke it with accessTokenRevoke when nobody else uses it.`
      : `There was no token to forget${server ? ` for ${server}` : ''}.`,
  ]);
}

export function addAuthCommands(program: Command, run: Run): void {
  const auth = program.command('auth').description('log in to a server, and see who you are there');
  auth
    .command('login')
    .description('check a personal access token against the server, and keep it in a file that only you can read')
    .option('--token-stdin', 'read the token from stdin instead of asking for it')
    .addHelpText(
      'after',
      `
Examples:
  imprimatur auth login --server https://models.example.org
  imprimatur auth login --token-stdin < data/admin-token`,
    )
    .action(run(login));
  auth
    .command('status')
    .description('show who you are, on which server, and when the token expires')
    .action(run(status));
  auth.command('logout').description('forget the token for a server').action(run(logout));
}
