import type { AccessDocument } from '../access-file/access-document.js';
import { placeText } from '../access-file/problems.js';
import { nameKey, nameOf, refKey } from '../access-file/securable-kind.js';
import type { Problem } from '../access-file/source.js';
import { CliError } from '../cli-error.js';
import type { AccessState } from './access-state.js';
import type { Plan } from './change.js';

/**
 * Does the file speak of what is there, and may the caller change it? Asked before anything is planned.
 * @throws CliError that names every place
 */
export function requireFitting(document: AccessDocument, state: AccessState): void {
  fail('NOT_FOUND', absent(document, state));
  fail('DENIED', denied(document, state));
  fail('FAILURE', impossible(document, state));
}

/**
 * What the caller cannot do is found before anything is done. A right that the plan itself gives may be his own.
 * @throws CliError DENIED
 */
export function requireRights({ changes }: Plan, state: AccessState): void {
  if (!state.administers && changes.some(({ kind }) => kind === 'group' || kind === 'member')) {
    throw new CliError('DENIED', 'you need MANAGE on the metastore to make groups and to change their members');
  }
  const mayCome = changes.some(
    (change) => change.kind === 'grant' && change.action === 'create' && change.privilege === 'MANAGE_POLICY',
  );
  for (const change of changes) {
    if (change.kind !== 'policy' || mayCome) continue;
    const { viewerCan = [] } = state.securables.get(refKey(change.on)) ?? {};
    if (viewerCan.includes('MANAGE_POLICY')) continue;
    throw new CliError('DENIED', `you need MANAGE_POLICY on ${nameOf(change.on)} to change its promotion policies`);
  }
}

function fail(outcome: 'NOT_FOUND' | 'DENIED' | 'FAILURE', problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const lines = problems.map(({ place, message }) => `${placeText(place)}: ${message}`);
  const details = problems.map(({ place, message }) => ({ ...place, message }));
  throw new CliError(outcome, lines.join('\n'), { problems: details });
}

function absent({ groups, securables, principals }: AccessDocument, state: AccessState): Problem[] {
  const made = new Set(groups.map(({ name }) => nameKey(name)));
  const nobody = principals.filter(({ name }) => !made.has(nameKey(name)) && !state.principals.has(nameKey(name)));
  const nothing = securables.filter((securable) => !state.securables.has(refKey(securable)));
  return [
    ...nobody.map(({ name, place }) => ({
      place,
      message: `there is no user, service principal or group "${name}"; a group is made when the file describes it under groups`,
    })),
    ...nothing.map((securable) => ({
      place: securable.place,
      message: `${nameOf(securable)} does not exist, or you may not see it`,
    })),
  ];
}

/** Without MANAGE the server shows one's own grants only: a plan from them would be wrong. */
function denied({ securables }: AccessDocument, state: AccessState): Problem[] {
  const withoutManage = securables.filter(
    (securable) =>
      (securable.grants || securable.owner) && !state.securables.get(refKey(securable))?.viewerCan.includes('MANAGE'),
  );
  return withoutManage.map((securable) => ({
    place: securable.place,
    message: `you need MANAGE on ${nameOf(securable)} to see and change who has access to it`,
  }));
}

function impossible({ groups, securables }: AccessDocument, state: AccessState): Problem[] {
  const noGroups = groups.filter(({ name }) => (state.principals.get(nameKey(name))?.kind ?? 'GROUP') !== 'GROUP');
  const retired = securables.flatMap((securable) => {
    const known = state.securables.get(refKey(securable))?.policies ?? [];
    return (securable.policies ?? []).filter(({ name }) =>
      known.some((policy) => policy.retiredAt !== null && nameKey(policy.name) === nameKey(name)),
    );
  });
  return [
    ...noGroups.map(({ name, place }) => ({ place, message: `"${name}" is there, and is not a group` })),
    ...retired.map(({ name, place }) => ({
      place,
      message: `policy "${name}" was retired, and its name is not given again: choose another one`,
    })),
  ];
}
