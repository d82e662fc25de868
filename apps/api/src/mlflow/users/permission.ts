import type { Privilege } from '@app/access';
import { FailedPrecondition, InvalidArgument } from '@app/platform';

/** Things that MLflow has permissions for, and that are securables here. */
export type PermittedKind = 'EXPERIMENT' | 'REGISTERED_MODEL';

/** MLflow's levels, each one with what was below it. Of one's own grants on the object itself. */
const levels: Record<PermittedKind, readonly (readonly [name: string, privileges: readonly Privilege[]])[]> = {
  EXPERIMENT: [
    ['READ', ['READ']],
    ['EDIT', ['READ', 'EDIT']],
    ['MANAGE', ['READ', 'EDIT', 'MANAGE']],
  ],
  REGISTERED_MODEL: [
    ['READ', ['EXECUTE']],
    ['EDIT', ['EXECUTE', 'CREATE_MODEL_VERSION', 'APPLY_TAG', 'SET_ALIAS']],
    ['MANAGE', ['EXECUTE', 'CREATE_MODEL_VERSION', 'APPLY_TAG', 'SET_ALIAS', 'MANAGE']],
  ],
};

export const noPermissions = 'NO_PERMISSIONS';

/** Every privilege that a level of MLflow stands for. */
const mapped = (kind: PermittedKind): readonly Privilege[] => levels[kind].at(-1)?.[1] ?? [];

/** The strongest level all of whose privileges are held. */
export function levelOf(kind: PermittedKind, held: readonly Privilege[]): string {
  const reached = levels[kind].findLast(([, privileges]) => privileges.every((privilege) => held.includes(privilege)));
  return reached?.[0] ?? noPermissions;
}

/**
 * The privileges of a level.
 * @throws InvalidArgument for a level that MLflow or this service does not know
 */
export function privilegesOf(kind: PermittedKind, level: string): readonly Privilege[] {
  if (level === noPermissions) return [];
  const found = levels[kind].find(([name]) => name === level);
  if (found) return found[1];
  const known = [...levels[kind].map(([name]) => name), noPermissions].join(', ');
  const why = level === 'DENY' ? ': grants allow, and nothing denies' : level === 'USE' ? ': READ lets use, too' : '';
  throw new InvalidArgument(`Invalid permission '${level}'${why}. Valid permissions are: ${known}`, ['permission']);
}

interface Held {
  privilege: Privilege;
  expiresAt: Date | null;
}

/**
 * What to add and what to take away so that exactly a level is held.
 * @throws FailedPrecondition when the principal holds what MLflow has no word for: it would be lost, or would say more
 */
export function changesTo(kind: PermittedKind, level: string, held: readonly Held[], who: string) {
  const wanted = privilegesOf(kind, level);
  const foreign = held.filter(({ privilege, expiresAt }) => !mapped(kind).includes(privilege) || expiresAt !== null);
  if (foreign.length > 0) {
    const names = foreign.map(({ privilege, expiresAt }) => (expiresAt ? `${privilege} for a time` : privilege));
    throw new FailedPrecondition(
      'NO_MLFLOW_PERMISSION',
      `"${who}" holds ${names.join(', ')}, for which MLflow has no permission: change the grants with grantsUpdate of the GraphQL API`,
    );
  }
  const has = held.map(({ privilege }) => privilege);
  return {
    add: wanted.filter((privilege) => !has.includes(privilege)),
    remove: has.filter((privilege) => !wanted.includes(privilege)),
  };
}

/** Whether a level lets one use the thing: MLflow's word for more than reading an experiment, and for loading a model. */
export const letsUse = (kind: PermittedKind, level: string): boolean =>
  kind === 'REGISTERED_MODEL' ? level !== noPermissions : level === 'EDIT' || level === 'MANAGE';
