import { parse } from 'yaml';
import { z } from 'zod';

/** More is no list of requirements. */
const most = 2000;

/** The folder's files that say what the model needs, as MLflow writes them. */
export interface RequirementFiles {
  requirementsTxt?: string;
  condaYaml?: string;
}

const conda = z.looseObject({
  dependencies: z.array(z.union([z.string(), z.looseObject({ pip: z.array(z.string()).nullish() })])),
});

/**
 * What a model needs to run, one line for each package, sorted: what requirements.txt says, otherwise the pip part of
 * conda.yaml, and conda's own packages with it. A file that cannot be read says nothing: the model was logged without it
 * being looked at.
 * @returns null when no file says anything
 */
export function requirementsOf({ requirementsTxt, condaYaml }: RequirementFiles): string[] | null {
  const { packages, pip } = condaPackages(condaYaml);
  const lines = [...(requirementsTxt === undefined ? pip : pipLines(requirementsTxt)), ...packages];
  const known = [...new Set(lines)].sort();
  return known.length > 0 ? known.slice(0, most) : null;
}

/** Lines that a backslash breaks are one; comments and blank lines are none. */
const pipLines = (text: string): string[] =>
  text
    // What jsonb does not take: NUL, and halves of surrogate pairs, which YAML can spell.
    .replace(/\0|[\ud800-\udfff]/gu, '')
    .replace(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .map((line) =>
      line
        .replace(/(^|\s)#.*$/, '')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .filter((line) => line !== '');

function condaPackages(text: string | undefined): { packages: string[]; pip: string[] } {
  const none = { packages: [], pip: [] };
  if (text === undefined) return none;
  try {
    const parsed = conda.safeParse(parse(text));
    if (!parsed.success) return none;
    const { dependencies } = parsed.data;
    return {
      packages: dependencies.filter((entry) => typeof entry === 'string').flatMap(pipLines),
      pip: dependencies.flatMap((entry) => (typeof entry === 'string' ? [] : (entry.pip ?? []).flatMap(pipLines))),
    };
  } catch {
    return none;
  }
}

/** `scikit-learn==1.5.0 ; python_version > "3.8"` is scikit-learn; what is no package stands for itself. */
export function requirementName(line: string): string {
  const name = /^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*([=<>!~;@].*)?$/.exec(line)?.[1];
  // One package has many spellings (PEP 503).
  return name ? name.toLowerCase().replace(/[-_.]+/g, '-') : line;
}
