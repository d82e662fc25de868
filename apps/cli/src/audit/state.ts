import { CliError } from '../cli-error.js';
import type { Session } from '../session.js';
import { openExport } from './export-file.js';
import { type ExportLine, linesOf } from './export-lines.js';
import { type LoggedEvent, Replay, type Securable } from './replay.js';

type EventLine = Extract<ExportLine, { kind: 'event' }>;

interface StateOptions {
  at: string;
  model?: string;
}

/** What a log says was so at a time: the fold, in its own order, of the events that happened by then. */
export async function stateAt(path: string, at: Date): Promise<{ replay: Replay; missing: number; complete: boolean }> {
  const file = await openExport(path);
  const replay = new Replay();
  let missing = 0;
  for await (const lines of linesOf(file)) {
    for (const line of lines) {
      if (line.kind === 'broken') throw new CliError('FAILURE', `${path}: a line ${line.problem}`);
      if (line.kind !== 'event') continue;
      const event = eventIn(line);
      if (!event) missing++;
      else if (Date.parse(event.occurredAt) <= at.getTime()) replay.apply(event);
    }
  }
  return { replay, missing, complete: file.manifest.complete };
}

const eventIn = ({ marked }: EventLine): LoggedEvent | null =>
  marked && (JSON.parse(marked.subarray(1).toString('utf8')) as LoggedEvent);

/** Prints the state; asks no server. */
export async function showState({ terminal }: Session, { at, model }: StateOptions, path?: string): Promise<void> {
  const instant = new Date(at);
  if (Number.isNaN(instant.getTime()))
    throw new CliError('USAGE', `--at: "${at}" is no instant, such as 2026-11-21T09:00:00Z`);
  const { replay, missing, complete } = await stateAt(path as string, instant);
  if (!complete) terminal.warn('the export is a part of the log: what happened outside of it is not known');
  if (missing > 0) terminal.warn(`${missing} events were deleted from the log: what they changed is not known`);
  const document = documentOf(replay, instant, model);
  if (model !== undefined && document.securables.length === 0) {
    throw new CliError('FAILURE', `--model: there was no model "${model}" at ${instant.toISOString()}`);
  }
  terminal.answer(document, (style) => [
    ...document.securables.flatMap(({ kind, fullName, owner, holders, grants, policies }) => [
      style.strong(`${kind.toLowerCase()} ${fullName}`),
      `  owner ${owner}`,
      ...holders.map(
        ({ target, version, since, sequence }) => `  ${target}: version ${version} since ${since}, event ${sequence}`,
      ),
      ...policies.map(({ name, revision }) => `  policy ${name}, revision ${revision}`),
      ...grants.map(
        (grant) => `  ${grant.privilege} to ${grant.principal}${grant.expiresAt ? ` until ${grant.expiresAt}` : ''}`,
      ),
    ]),
    ...document.principals.flatMap(({ name, kind, disabled, members }) => [
      `${kind.toLowerCase()} ${name}${disabled ? ', disabled' : ''}`,
      ...members.map((member) => `  ${member}`),
    ]),
  ]);
}

function documentOf(replay: Replay, at: Date, model?: string) {
  const nameOf = (id: string) => replay.principals.get(id)?.name ?? id;
  const isAsked = (id: string, { kind }: Securable) =>
    model === undefined || (kind === 'REGISTERED_MODEL' && replay.fullName(id).toLowerCase() === model.toLowerCase());
  const securables = [...replay.securables].filter(([id, found]) => isAsked(id, found));
  return {
    at: at.toISOString(),
    securables: securables.map(([id, { kind, ownerId, aliases, stages, grants, policies }]) => ({
      id,
      kind,
      fullName: replay.fullName(id),
      owner: nameOf(ownerId),
      holders: [
        ...[...aliases.values()].map((holding) => ({ ...holding, target: `@${holding.target}` })),
        ...stages.values(),
      ],
      grants: [...grants.values()]
        .filter(({ expiresAt }) => expiresAt === null || Date.parse(expiresAt) > at.getTime())
        .map(({ principalId, privilege, expiresAt }) => ({ principal: nameOf(principalId), privilege, expiresAt })),
      policies: [...policies].map(([policyId, policy]) => ({ id: policyId, ...policy })),
    })),
    principals:
      model === undefined
        ? [...replay.principals].map(([id, { name, kind, disabled, members }]) => ({
            id,
            name,
            kind,
            disabled,
            members: [...members].map(nameOf),
          }))
        : [],
  };
}
