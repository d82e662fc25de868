import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The version in the nearest package.json above a folder: it is one folder further up in the build than in the sources. */
function versionAbove(folder: string): string {
  const file = path.join(folder, 'package.json');
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || folder === path.dirname(folder)) throw error;
    return versionAbove(path.dirname(folder));
  }
}

export const version = versionAbove(path.dirname(fileURLToPath(import.meta.url)));
