import { nameOf, type Privilege, privileges, type SecurableRef } from '../access-file/securable-kind.js';
import { CliError, exitCodes } from '../cli-error.js';
import { explainDocument } from '../server/documents.js';
import type { Session } from '../session.js';
import type { Style } from '../terminal/style.js';
import { counted, printable } from '../terminal/text.js';
import { securableOf } from './securable-arguments.js';

interface Path {
  inheritedFrom: SecurableRef | null;
  steps: { kind: string; description: string }[];
}

interface Condition {
  privilege: string;
  securable: SecurableRef;
  met: boolean;
  paths: Path[];
}

interface Explanation extends SecurableRef {
  allowed: boolean;
  privilege: string;
  principal: { name: string; kind: string };
  conditions: Condition[];
  missing: (SecurableRef & { privilege: string })[];
  obstacle: string | null;
  isPartial: boolean;
}

/** @throws CliError for a word that is no privilege */
export function privilegeOf(given: string): Privilege {
  const found = privileges.find((word) => word === given.toUpperCase().replaceAll('-', '_'));
  if (found) return found;
  throw new CliError('USAGE', `"${given}" is no privilege; there are: ${privileges.join(', ')}`);
}

/** Why somebody may do something, or what is missing. @returns the exit code */
export async function explain(
  session: Session,
  { kind, exitCode }: { kind?: string; exitCode?: boolean },
  principal: string,
  privilege: string,
  fullName: string,
): Promise<number> {
  const object = securableOf(fullName, kind);
  const asked = { principal, privilege: privilegeOf(privilege), ...object };
  const { explanation } = await session.client().query<{ explanation: Explanation | null }>(explainDocument, asked);
  if (!explanation) {
    throw new CliError('NOT_FOUND', `"${principal}" or ${nameOf(object)} does not exist, or you may not see it`);
  }
  session.terminal.answer(explanation, (style) => lines(explanation, style));
  return exitCode && !explanation.allowed ? exitCodes.DIFFERENT : exitCodes.OK;
}

function lines(explanation: Explanation, style: Style): string[] {
  const { allowed, principal, privilege, conditions, missing, obstacle, isPartial } = explanation;
  const verdict = allowed ? style.added('yes') : style.removed('no');
  const question = printable(
    `${principal.name} ${allowed ? 'has' : 'does not have'} ${privilege} on ${nameOf(explanation)}`,
  );
  return [
    `${verdict}  ${style.strong(question)}`,
    ...(conditions.length > 0 ? [''] : []),
    ...conditions.flatMap((condition) => conditionLines(condition, style)),
    ...(isPartial ? [style.faint('  There are more chains of nested groups than are shown.')] : []),
    ...(obstacle ? ['', printable(obstacle)] : []),
    ...missingLines(missing, principal.name, style),
  ];
}

function conditionLines({ privilege, securable, met, paths }: Condition, style: Style): string[] {
  const mark = met ? style.added('✓') : style.removed('✗');
  return [
    `  ${mark} ${printable(`${privilege} on ${nameOf(securable)}`)}`,
    ...paths.map(({ steps }) =>
      style.faint(`      ${steps.map(({ description }) => printable(description)).join(', ')}`),
    ),
  ];
}

function missingLines(missing: Explanation['missing'], principal: string, style: Style): string[] {
  if (missing.length === 0) return [];
  const heading = `${counted(missing.length, 'grant')} would allow it, to ${printable(principal)} or to a group of its own:`;
  const grants = missing.map((grant) => style.added(`  + ${printable(`${grant.privilege} on ${nameOf(grant)}`)}`));
  return ['', heading, ...grants];
}
