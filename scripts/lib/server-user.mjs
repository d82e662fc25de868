// PostgreSQL refuses to run as root. Root therefore runs it as another user, who must be able to reach its files.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { StartError } from './start-error.mjs';

/** Where root keeps what must be reachable for the other user, when the checkout is not (a clone below /root). */
const reachableBase = '/var/lib/imprimatur';

const idOf = (flag, name) => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }));

function lookUp(name) {
  try {
    return { uid: idOf('-u', name), gid: idOf('-g', name) };
  } catch {
    return undefined;
  }
}

/**
 * The user that runs PostgreSQL, as spawn's options want it: empty for an ordinary user, who runs it himself.
 * @param {string} databaseDir an existing cluster goes on with its owner
 * @returns {{ uid?: number, gid?: number }}
 */
export function serverUser(databaseDir) {
  if (process.getuid?.() !== 0) return {};
  if (fs.existsSync(databaseDir)) {
    const { uid, gid } = fs.statSync(databaseDir);
    if (uid !== 0) return { uid, gid };
  }
  const user = lookUp('postgres') ?? lookUp('nobody');
  if (!user)
    throw new StartError('PostgreSQL does not run as root, and there is neither a user "postgres" nor "nobody"');
  return user;
}

/** Whether the user may enter the folder: asked by trying it, so that access lists count too. */
const reaches = (user, folder) =>
  user.uid === undefined || spawnSync('/bin/sh', ['-c', 'cd "$0"', folder], { ...user, cwd: '/' }).status === 0;

function makeReachableBase() {
  fs.mkdirSync(reachableBase, { recursive: true });
  fs.chmodSync(reachableBase, 0o755);
}

/** A copy of a folder of programs that the user reaches, or the folder itself. */
export function reachablePrograms(user, folder, name) {
  if (reaches(user, folder)) return folder;
  const copy = path.join(reachableBase, name);
  if (!fs.existsSync(copy)) {
    makeReachableBase();
    const unfinished = fs.mkdtempSync(`${copy}-`);
    fs.cpSync(folder, unfinished, { recursive: true, verbatimSymlinks: true });
    execFileSync('chmod', ['-R', 'a+rX', unfinished]);
    fs.renameSync(unfinished, copy);
  }
  return copy;
}

/**
 * A place for a folder that the user will own, below a parent that he reaches. Where he does not, `folder` becomes a
 * link to a place where he does.
 */
export function reachablePlace(user, folder) {
  const parent = path.dirname(folder);
  fs.mkdirSync(parent, { recursive: true });
  if (fs.lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) return fs.readlinkSync(folder);
  if (reaches(user, parent)) return folder;
  makeReachableBase();
  const place = path.join(fs.mkdtempSync(path.join(reachableBase, 'data-')), 'postgres');
  fs.chmodSync(path.dirname(place), 0o711);
  fs.symlinkSync(place, folder);
  console.log(`PostgreSQL's user cannot reach ${parent}: its files are in ${place}`);
  return place;
}

/** Makes a new folder that belongs to the user alone. */
export function makeOwned(user, folder) {
  fs.mkdirSync(folder, { mode: 0o700 });
  if (user.uid !== undefined) fs.chownSync(folder, user.uid, user.gid);
}

/** Writes a file that only the user, and root, can read. */
export function writeOwned(user, file, text) {
  fs.writeFileSync(file, text, { mode: 0o600 });
  if (user.uid !== undefined) fs.chownSync(file, user.uid, user.gid);
}
