import { InvalidArgument } from '@app/platform';

/** MLflow's four stages. A new version is in None. */
export const stages = ['None', 'Staging', 'Production', 'Archived'] as const;
export type Stage = (typeof stages)[number];

/** What a version can hold: a stage, or an alias of its model. */
export type Target = { kind: 'STAGE'; name: Stage } | { kind: 'ALIAS'; name: string };

/** A target as a caller writes it, not checked yet. */
export interface NamedTarget {
  kind: Target['kind'];
  name: string;
}

/**
 * A stage in any case, in its canonical spelling.
 * @throws InvalidArgument
 */
export function parseStage(name: string, field = 'stage'): Stage {
  const stage = stages.find((known) => known.toLowerCase() === name.toLowerCase());
  if (!stage)
    throw new InvalidArgument(`${field}: "${name}" is not a stage: it must be one of ${stages.join(', ')}`, [field]);
  return stage;
}

/**
 * An alias as it is written: letters, digits, "_" and "-", 1 to 255, not `latest`, not `v` and digits (domain.md, section 1).
 * @throws InvalidArgument
 */
export function parseAlias(alias: string, field = 'alias'): string {
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(alias) || /^latest$/i.test(alias) || /^v\d+$/i.test(alias)) {
    throw new InvalidArgument(
      `${field}: "${alias}" is not a valid alias: 1 to 255 letters, digits, "_" and "-", not "latest", not "v" and digits`,
      [field],
    );
  }
  return alias;
}

/**
 * A target as a caller writes it.
 * @throws InvalidArgument naming the field
 */
export function parseTarget({ kind, name }: NamedTarget): Target {
  return kind === 'STAGE'
    ? { kind, name: parseStage(name, 'target.name') }
    : { kind, name: parseAlias(name, 'target.name') };
}

/** The same for every spelling of one target: Champion and champion are one alias (domain.md, section 1). */
export const targetKey = ({ kind, name }: Target): string => `${kind}:${name.toLowerCase()}`;

/** `alias "champion"`, `stage Production`: how messages name a target. */
export const describeTarget = ({ kind, name }: Target): string =>
  kind === 'ALIAS' ? `alias "${name}"` : `stage ${name}`;
