import { nameOf } from '../access-file/securable-kind.js';
import { CliError } from '../cli-error.js';
import { whoCanDocument } from '../server/documents.js';
import { allPages, type Page } from '../server/pages.js';
import type { Session } from '../session.js';
import { counted, printable, table } from '../terminal/text.js';
import { privilegeOf } from './explain.js';
import { securableOf } from './securable-arguments.js';

interface Holder {
  name: string;
  kind: 'USER' | 'SERVICE_PRINCIPAL';
  displayName: string | null;
}

const noun = { USER: 'user', SERVICE_PRINCIPAL: 'service principal' };

/** Everybody who may do something on an object, however they come to it. */
export async function whoCan(
  session: Session,
  { kind }: { kind?: string },
  privilege: string,
  fullName: string,
): Promise<void> {
  const object = securableOf(fullName, kind);
  const word = privilegeOf(privilege);
  const client = session.client();
  const principals = await allPages(async (after) => {
    const { holders } = await client.query<{ holders: Page<Holder> | null }>(whoCanDocument, {
      privilege: word,
      ...object,
      after,
    });
    if (holders) return holders;
    throw new CliError('NOT_FOUND', `${nameOf(object)} does not exist, or you may not see it`);
  });
  session.terminal.answer({ privilege: word, ...object, principals }, (style) => {
    const what = `${word} on ${nameOf(object)}`;
    if (principals.length === 0) return [`Nobody has ${what}.`];
    const rows = principals.map(({ name, kind, displayName }) => [name, noun[kind], displayName ?? ''].map(printable));
    const [heading, ...body] = table(['PRINCIPAL', 'KIND', 'DISPLAY NAME'], rows);
    const sum = `${counted(principals.length, 'principal')} ${principals.length === 1 ? 'has' : 'have'} ${what}`;
    return [style.faint(heading as string), ...body, '', style.faint(sum)];
  });
}
