// Plays programs of data scientists against a running service, each in a process and a folder of its own. README.md
// beside this file says what a program is given.
//   node scripts/with-service.mjs node test/clients/run.mjs                   all programs of this folder
//   node scripts/with-service.mjs node test/clients/run.mjs sklearn_manual    those that are named
//   node scripts/with-service.mjs node test/clients/run.mjs slow              those of the folder slow
//   CLIENT_PYTHON  a Python with the packages of requirements.txt (default: python3)
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chosenPrograms, clientVersions, play } from './programs.mjs';
import { setTheStage } from './stage.mjs';

const { IMPRIMATUR_URL, ADMIN_TOKEN } = process.env;
/** Most of the time of a program is the import of its libraries: two keep a small machine busy. */
const atOnce = 2;

/** @returns {Promise<number>} how many failed */
async function playAll(programs, scratch, given) {
  const waiting = [...programs];
  let failed = 0;
  const player = async () => {
    for (let program = waiting.shift(); program; program = waiting.shift()) {
      const { passed, output, seconds } = await play(program, scratch, given);
      console.log(`${passed ? 'passed' : 'FAILED'}  ${program.name}  (${seconds.toFixed(1)} s)`);
      if (passed) continue;
      failed += 1;
      console.log(output.trimEnd().replace(/^/gm, '    '));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, player));
  return failed;
}

if (!IMPRIMATUR_URL || !ADMIN_TOKEN) {
  console.error('IMPRIMATUR_URL and ADMIN_TOKEN are needed: run it under scripts/with-service.mjs');
  process.exit(2);
}
const programs = chosenPrograms(process.argv.slice(2));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'imprimatur-clients-'));
process.once('exit', () => fs.rmSync(scratch, { recursive: true, force: true, maxRetries: 3 }));

console.log(await clientVersions());
const tokens = await setTheStage({ url: IMPRIMATUR_URL }, ADMIN_TOKEN);
const failed = await playAll(programs, scratch, {
  ...tokens,
  IMPRIMATUR_URL,
  ADMIN_TOKEN,
  MLFLOW_TRACKING_URI: IMPRIMATUR_URL,
  MLFLOW_TRACKING_TOKEN: tokens.DATA_SCIENTIST_TOKEN,
});
console.log(`${programs.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
