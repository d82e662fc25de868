import type { ArtifactEntry } from '@app/artifacts';
import { omitUnset } from '../wire/parse.js';

/** An entry of a listing as MLflow's FileInfo, its path behind `folder` when one is given. */
export const toMlflowFile = ({ name, isFolder, size }: ArtifactEntry, folder?: string) =>
  omitUnset({
    path: folder ? `${folder}/${name}` : name,
    is_dir: isFolder,
    file_size: isFolder ? undefined : size,
  });
