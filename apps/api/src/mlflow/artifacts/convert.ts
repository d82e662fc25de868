import { type ArtifactEntry, artifactPathOf } from '@app/artifacts';
import { FailedPrecondition } from '@app/platform';
import { omitUnset } from '../wire/parse.js';

/** An entry of a listing as MLflow's FileInfo, its path behind `folder` when one is given. */
export const toMlflowFile = ({ name, isFolder, size }: ArtifactEntry, folder?: string) =>
  omitUnset({
    path: folder ? `${folder}/${name}` : name,
    is_dir: isFolder,
    file_size: isFolder ? undefined : size,
  });

/**
 * The folder of our store that an artifact URI names.
 * @throws FailedPrecondition for a place elsewhere, whose files this service does not have
 */
export function folderOf(uri: string): string {
  const folder = artifactPathOf(uri);
  if (folder !== undefined) return folder;
  throw new FailedPrecondition('FOREIGN_ARTIFACTS', `root_uri: "${uri}" is not in the store of this service`);
}
