import { randomUUID } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';

const hasCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException).code === code;

/** @returns the text of the file, or undefined when there is none */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await fs.readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** May others on this machine read the file? Windows knows no such thing. */
export const isOpenToOthers = async (file: string): Promise<boolean> => ((await fs.stat(file)).mode & 0o007) !== 0;

/**
 * Puts a new key into a file of the owner's alone. Of several processes that do it at once one wins, and all read its key:
 * the file appears under its name when it is complete, and is never replaced.
 */
export async function makeKeyFile(file: string, key: string): Promise<void> {
  await fs.mkdir(path.dirname(file), { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  const handle = await fs.open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(key);
    await handle.sync();
    await fs.link(draft, file).catch((error) => {
      if (!hasCode(error, 'EEXIST')) throw error;
    });
  } finally {
    await handle.close();
    await fs.rm(draft, { force: true });
  }
}
