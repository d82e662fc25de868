import { nameKey, nameOf, type SecurableKind, type SecurableRef } from '../access-file/securable-kind.js';
import { whoAmI } from '../auth/identity.js';
import { CliError } from '../cli-error.js';
import type { Client } from '../server/client.js';
import { grantsDocument, principalGrantsDocument } from '../server/documents.js';
import { allPages, type Page } from '../server/pages.js';
import type { Session } from '../session.js';
import type { Style } from '../terminal/style.js';
import { counted, instant, printable, table } from '../terminal/text.js';
import { securableOf } from './securable-arguments.js';

interface Grant {
  privilege: string;
  expiresAt: string | null;
  grantedAt: string;
  principal: { name: string; kind: string } | null;
  grantedBy: { name: string } | null;
  securable: SecurableRef;
}

interface GrantListOptions {
  on?: string;
  kind?: string;
  principal?: string;
}

/** Grants on an object, those that reach it from above included, or of a principal; one's own without either. */
export async function grantList(session: Session, { on, kind, principal }: GrantListOptions): Promise<void> {
  const client = session.client();
  const object = on === undefined ? undefined : securableOf(on, kind);
  const holder = object ? principal : (principal ?? (await whoAmI(client)).name);
  const { grants, isPartial } = object
    ? await grantsOn(client, object)
    : { grants: await grantsOf(client, holder as string), isPartial: false };
  const shown = grants.filter(
    (grant) => !object || !holder || nameKey(grant.principal?.name ?? '') === nameKey(holder),
  );
  const document = { on: object ?? null, principal: holder ?? null, isPartial, grants: shown };
  session.terminal.answer(document, (style) => [
    ...lines(shown, object, holder, style),
    ...(isPartial ? [style.faint('Your own only: all of them need MANAGE on it.')] : []),
  ]);
}

interface Listed {
  grants: Grant[];
  /** Without MANAGE on the object the caller sees those to himself and to his groups. */
  isPartial: boolean;
}

async function grantsOn(client: Client, { kind, fullName }: SecurableRef): Promise<Listed> {
  let isPartial = false;
  const read = (list: 'grants' | 'inheritedGrants') =>
    allPages(async (after) => {
      const { securable } = await client.query<{ securable: { viewerCan: string[]; grants: Page<Grant> } | null }>(
        grantsDocument(kind, list),
        kind === 'METASTORE' ? { after } : { fullName, after },
      );
      if (!securable)
        throw new CliError('NOT_FOUND', `${nameOf({ kind, fullName })} does not exist, or you may not see it`);
      isPartial = !securable.viewerCan.includes('MANAGE');
      return securable.grants;
    });
  const grants = [...(await read('grants')), ...(await read('inheritedGrants'))];
  return { grants, isPartial };
}

async function grantsOf(client: Client, name: string): Promise<Grant[]> {
  return allPages(async (after) => {
    const { principal } = await client.query<{ principal: { grants: Page<Grant> } | null }>(principalGrantsDocument, {
      name,
      after,
    });
    if (principal) return principal.grants;
    throw new CliError('NOT_FOUND', `there is no user, service principal or group "${name}"`);
  });
}

const kindOrder: SecurableKind[] = ['METASTORE', 'CATALOG', 'SCHEMA', 'REGISTERED_MODEL', 'EXPERIMENT'];

function lines(
  grants: readonly Grant[],
  object: SecurableRef | undefined,
  holder: string | undefined,
  style: Style,
): string[] {
  const of = [holder && `to ${holder}`, object && `on ${nameOf(object)}`].filter(Boolean).join(' ');
  if (grants.length === 0) return [`No grants ${of} that you may see.`];
  const sorted = [...grants].sort(
    (one, other) =>
      kindOrder.indexOf(one.securable.kind) - kindOrder.indexOf(other.securable.kind) ||
      one.securable.fullName.localeCompare(other.securable.fullName) ||
      (one.principal?.name ?? '').localeCompare(other.principal?.name ?? '') ||
      one.privilege.localeCompare(other.privilege),
  );
  const rows = sorted.map(({ principal, privilege, securable, expiresAt, grantedBy, grantedAt }) =>
    [
      principal?.name ?? '',
      privilege,
      nameOf(securable),
      expiresAt ? instant(expiresAt) : 'never',
      `${grantedBy?.name ?? 'the installation'}, ${grantedAt.slice(0, 10)}`,
    ].map(printable),
  );
  const [heading, ...body] = table(['PRINCIPAL', 'PRIVILEGE', 'ON', 'ENDS', 'GRANTED BY'], rows);
  return [style.faint(heading as string), ...body, '', style.faint(`${counted(grants.length, 'grant')} ${of}`)];
}
