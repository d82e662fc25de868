import { fullNameKey, parseFullName } from '@app/access';
import { InvalidArgument } from '@app/platform';

/**
 * The full name that a name of classic MLflow clients stands for: a flat name lives in the default schema.
 * @throws InvalidArgument for one dot, more than two, or a segment that breaks the rules of names
 */
export function fullModelName(name: string, defaultSchema: string, field = 'name'): string {
  const dots = name.split('.').length - 1;
  if (dots !== 0 && dots !== 2) {
    throw new InvalidArgument(
      `${field}: "${name}" is not a model name: write catalog.schema.model, or a name without dots for a model in ${defaultSchema}`,
      [field],
    );
  }
  return parseFullName('REGISTERED_MODEL', dots === 0 ? `${defaultSchema}.${name}` : name, field).join('.');
}

/** The name without its schema when the model is in the default schema, otherwise the full name. */
export function flatModelName(fullName: string, defaultSchema: string): string {
  const prefix = `${defaultSchema}.`;
  const isFlat = fullNameKey('REGISTERED_MODEL', fullName).startsWith(fullNameKey('SCHEMA', prefix));
  return isFlat ? fullName.slice(prefix.length) : fullName;
}
