import { Option } from 'commander';
import { metastoreName, type SecurableKind, type SecurableRef } from '../access-file/securable-kind.js';
import { CliError } from '../cli-error.js';

const kinds: Record<string, SecurableKind> = {
  metastore: 'METASTORE',
  catalog: 'CATALOG',
  schema: 'SCHEMA',
  model: 'REGISTERED_MODEL',
  experiment: 'EXPERIMENT',
};

/** For names that do not say it themselves: an experiment, or a catalog that is called metastore. */
export const kindOption = () =>
  new Option('--kind <kind>', 'what the full name is of, where its form does not say it').choices(Object.keys(kinds));

const byDots: (SecurableKind | undefined)[] = ['CATALOG', 'SCHEMA', 'REGISTERED_MODEL'];

/** The securable of a full name: `metastore`, `prod`, `prod.fraud`, `prod.fraud.scorer`. @throws CliError */
export function securableOf(fullName: string, kind?: string): SecurableRef {
  if (kind) return { kind: kinds[kind] as SecurableKind, fullName: kind === metastoreName ? metastoreName : fullName };
  if (fullName === metastoreName) return { kind: 'METASTORE', fullName };
  const found = byDots[fullName.split('.').length - 1];
  if (!found || /[/:@]/.test(fullName)) {
    throw new CliError(
      'USAGE',
      `"${fullName}" is not a full name: metastore, catalog, catalog.schema or catalog.schema.model; an experiment by its name and --kind experiment`,
    );
  }
  return { kind: found, fullName };
}
