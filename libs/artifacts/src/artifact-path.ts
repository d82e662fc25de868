import { InvalidArgument } from '@app/platform';

const rule = 'a path has names separated by "/", none of them empty, "." or "..", no backslash, no control character';

/** Names end up as file names: 255 bytes is what file systems take. */
const longestName = 255;
const longestPath = 2048;
const bytes = (text: string): number => Buffer.byteLength(text, 'utf8');

const isPlainName = (name: string): boolean =>
  // "%2e" and "%2f" in a name that is decoded already are somebody's second encoding of "." and "/".
  name !== '' && name !== '.' && name !== '..' && !/[\\\p{Cc}\p{Cs}]|%(2e|2f|5c|00)/iu.test(name);

/**
 * A path in the artifact store, relative to its root: `1/<run id>/artifacts/model/MLmodel`.
 * @throws InvalidArgument for everything that could lead out of the folder it names
 */
export function artifactPath(path: string, field = 'path'): string {
  const names = path.split('/');
  if (!names.every(isPlainName)) {
    throw new InvalidArgument(`Invalid path (${field}): "${path}" is not an artifact path: ${rule}`, [field]);
  }
  if (bytes(path) > longestPath || names.some((name) => bytes(name) > longestName)) {
    throw new InvalidArgument(
      `${field}: "${path.slice(0, 80)}…" is too long: at most ${longestName} bytes in a name, ${longestPath} in all`,
      [field],
    );
  }
  return path;
}

/** The experiment that a path belongs to: its first name, when that is a whole number. */
export const experimentIdOf = (path: string): string | undefined => /^(0|[1-9]\d{0,17})(?=\/|$)/.exec(path)?.[0];

/** The path itself and every folder above it, outermost first. */
export function pathAndFoldersAbove(path: string): string[] {
  const names = path.split('/');
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}

const proxyUri = /^mlflow-artifacts:(?:\/\/[^/]*)?\/(.*)$/i;
const proxyUrl = /^https?:\/\/[^/]+\/(?:.*\/)?(?:ajax-)?api\/2\.0\/mlflow-artifacts\/artifacts\/(.*)$/i;

/**
 * The path in our store that an artifact URI names: `mlflow-artifacts:/1/abc/artifacts/model`, the same with a host,
 * or the URL of the artifact proxy.
 * @returns undefined when the URI lies outside our store
 * @throws InvalidArgument when it lies inside and its path is none
 */
export function artifactPathOf(uri: string): string | undefined {
  const path = (proxyUri.exec(uri) ?? proxyUrl.exec(uri))?.[1];
  return path === undefined ? undefined : artifactPath(path.replace(/\/$/, ''), 'artifact URI');
}
