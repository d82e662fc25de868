// Plays the programs against MLflow's own server and against this service, and shows where the two answered differently:
// requests with another status or another number of times, and fields of the answers that only one of them has.
//   mlflow server --backend-store-uri postgresql+psycopg2://… --artifacts-destination FOLDER --port 5000
//   REFERENCE_URL=http://127.0.0.1:5000 node scripts/with-service.mjs node test/clients/compare.mjs [PROGRAM …]
//   CLIENT_PYTHON  as for run.mjs. Give MLflow's server an empty database: names are taken the second time.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chosenPrograms, clientVersions, play } from './programs.mjs';
import { record } from './recorder.mjs';
import { setTheStage } from './stage.mjs';

const { IMPRIMATUR_URL, ADMIN_TOKEN, REFERENCE_URL } = process.env;

const counted = (entries) => {
  const counts = new Map();
  for (const entry of entries) counts.set(entry, (counts.get(entry) ?? 0) + 1);
  return counts;
};
const answered = ({ asked, status, code }) => `${asked} → ${status} ${code}`.trimEnd();
const succeeded = (exchanges) => exchanges.filter(({ status }) => status < 400);
/** The fields of the answers to what both were asked; another request is a difference of its own. */
const fields = (exchanges, others) => {
  const asked = new Set(succeeded(others).map((other) => other.asked));
  const common = succeeded(exchanges).filter((exchange) => asked.has(exchange.asked));
  return new Set(common.flatMap((exchange) => exchange.form.map((at) => `${exchange.asked} → ${at}`)));
};
const said = (exchanges) => new Set(exchanges.map((exchange) => exchange.said.replace(/[0-9a-f]{32}/g, '{id}')));
const notIn = (lines, others) => [...lines].filter((line) => !others.has(line));

/** The lines that differ; requests with how often they came there and here. */
function differences(there, here) {
  const [ofThere, ofHere] = [there, here].map((exchanges) => counted(exchanges.map(answered)));
  const requests = [...new Set([...ofThere.keys(), ...ofHere.keys()])]
    .map((line) => ({ line, there: ofThere.get(line) ?? 0, here: ofHere.get(line) ?? 0 }))
    .filter((counts) => counts.there !== counts.here)
    .map((counts) => `requests: ${counts.there} there, ${counts.here} here: ${counts.line}`);
  const [formThere, formHere] = [fields(there, here), fields(here, there)];
  return [
    ...requests,
    ...notIn(formThere, formHere).map((line) => `only there: ${line}`),
    ...notIn(formHere, formThere).map((line) => `only here:  ${line}`),
    ...notIn(said(there), said(here)).map((line) => `said there: ${line}`),
    ...notIn(said(here), said(there)).map((line) => `said here:  ${line}`),
  ];
}

if (!IMPRIMATUR_URL || !ADMIN_TOKEN || !REFERENCE_URL) {
  console.error('REFERENCE_URL, IMPRIMATUR_URL and ADMIN_TOKEN are needed: see the head of this file');
  process.exit(2);
}
if (!(await fetch(`${REFERENCE_URL}/health`).catch(() => undefined))?.ok) {
  console.error(`no MLflow server answers at ${REFERENCE_URL}/health: wait for its start`);
  process.exit(2);
}
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'imprimatur-clients-'));
process.once('exit', () => fs.rmSync(scratch, { recursive: true, force: true, maxRetries: 3 }));
console.log(await clientVersions());
const tokens = await setTheStage({ url: IMPRIMATUR_URL }, ADMIN_TOKEN);
const [there, here] = await Promise.all([REFERENCE_URL, IMPRIMATUR_URL].map(record));
for (const program of chosenPrograms(process.argv.slice(2))) {
  const spoken = [];
  for (const [where, recorder] of Object.entries({ there, here })) {
    const { passed, output } = await play(program, scratch, {
      ...tokens,
      IMPRIMATUR_URL: recorder.url,
      ADMIN_TOKEN,
      MLFLOW_TRACKING_URI: recorder.url,
      MLFLOW_TRACKING_TOKEN: tokens.DATA_SCIENTIST_TOKEN,
    });
    if (!passed) console.log(`${program.name} failed ${where}:\n${output.trimEnd().replace(/^/gm, '    ')}`);
    spoken.push(recorder.taken());
  }
  const lines = differences(...spoken);
  console.log(
    `${program.name}: ${spoken[0].length} requests there, ${spoken[1].length} here, ${lines.length} differences`,
  );
  for (const line of lines) console.log(`    ${line}`);
}
there.stop();
here.stop();
process.exit(0);
