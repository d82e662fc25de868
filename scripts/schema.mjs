// schema.graphql is the contract with GraphQL clients: committed, and equal to what the code prints.
//   node scripts/schema.mjs print   writes it
//   node scripts/schema.mjs check   compares, and lists what breaks clients since the last commit that had it
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { buildSchema, findBreakingChanges, findDangerousChanges } from 'graphql';
import { prepare, root } from './lib/setup.mjs';

const file = path.join(root, 'schema.graphql');

async function printed() {
  await prepare();
  const { printSchemaSdl } = await import(path.join(root, 'dist/apps/api/src/graphql/print-schema.js'));
  return printSchemaSdl();
}

/** The schema of the last commit; undefined when it had none, or outside a Git checkout. */
function committed() {
  try {
    return execFileSync('git', ['show', 'HEAD:schema.graphql'], { cwd: root, encoding: 'utf8', stdio: 'pipe' });
  } catch {
    return undefined;
  }
}

/** Breaking changes are told, and do not fail: whether one is meant is a reviewer's decision. */
function tellChanges(before, now) {
  const [old, next] = [buildSchema(before), buildSchema(now)];
  for (const { description } of findBreakingChanges(old, next)) console.log(`breaking: ${description}`);
  for (const { description } of findDangerousChanges(old, next)) console.log(`dangerous: ${description}`);
}

async function check() {
  const now = await printed();
  const before = committed();
  if (before) tellChanges(before, now);
  if (fs.existsSync(file) && fs.readFileSync(file, 'utf8') === now) return 0;
  console.error('schema.graphql is not what the code prints: run `npm run schema:print` and commit it');
  return 1;
}

const [command] = process.argv.slice(2);
if (command === 'print') fs.writeFileSync(file, await printed());
else if (command === 'check') process.exitCode = await check();
else {
  console.error('usage: node scripts/schema.mjs print | check');
  process.exitCode = 2;
}
