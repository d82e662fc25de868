// A large artifact up and down through the proxy: how long it takes beside a copy of the same file, and in how much memory.
import { execFile } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { duration, single } from '../lib/report.mjs';
import { alternate } from '../lib/rounds.mjs';
import { Imprimatur, memoryOf } from '../peers/imprimatur.mjs';
import { startMlflows } from '../peers/mlflow.mjs';

const MiB = 2 ** 20;
const sampledEveryMs = 100;
/** What it may have more of at its peak than at rest, whatever the size of the file. */
const memoryGoalMiB = 96;

/** A file that no file system makes smaller. */
function makeFile(file, mebibytes) {
  const handle = fs.openSync(file, 'w');
  const block = Buffer.alloc(MiB);
  for (let written = 0; written < mebibytes; written++) fs.writeSync(handle, randomFillSync(block));
  fs.fsyncSync(handle);
  fs.closeSync(handle);
}

async function timed(act) {
  const start = performance.now();
  await act();
  return { ms: performance.now() - start };
}

/** Stored means on the disk: our service says so no earlier, so a copy is not made before either. */
async function copyToDisk(from, to) {
  await promisify(execFile)('cp', [from, to]);
  const handle = await fs.promises.open(to, 'r+');
  await handle.sync().finally(() => handle.close());
}

/** One request, whose body comes from a file or whose answer goes into one. */
function transfer(server, method, target, { from, to }) {
  const headers = { ...server.headers, ...(from && { 'content-length': fs.statSync(from).size }) };
  return new Promise((resolve, reject) => {
    const request = http.request(server.url + target, { method, headers }, async (response) => {
      try {
        if (response.statusCode !== 200) throw new Error(`${server.name} ${method} ${target}: ${response.statusCode}`);
        await (to ? pipeline(response, fs.createWriteStream(to, { highWaterMark: MiB })) : response.resume().toArray());
        resolve();
      } catch (error) {
        reject(error);
      }
    });
    request.once('error', reject);
    if (from) pipeline(fs.createReadStream(from, { highWaterMark: MiB }), request).catch(reject);
    else request.end();
  });
}

/** The most memory of the API while something is done. */
async function peakDuring(url, act) {
  let peak = 0;
  let isOver = false;
  const sampling = (async () => {
    while (!isOver) {
      peak = Math.max(peak, await memoryOf(url));
      await new Promise((resolve) => setTimeout(resolve, sampledEveryMs));
    }
  })();
  await act().finally(() => {
    isOver = true;
  });
  await sampling;
  return peak;
}

export async function artifacts({ workshop, sizes, python }) {
  const folder = workshop.folder('artifacts');
  const file = path.join(folder, 'large');
  const copy = path.join(folder, 'copy');
  makeFile(file, sizes.artifact);

  const ours = await Imprimatur.start(workshop);
  const servers = [ours, ...(await startMlflows(workshop, python))];
  const up = { 'cp, on the disk': () => timed(() => copyToDisk(file, copy)) };
  const down = { cp: () => timed(() => promisify(execFile)('cp', [file, copy])) };
  for (const server of servers) {
    const experiment = await server.experiment(`artifacts ${server.name}`);
    const target = `/api/2.0/mlflow-artifacts/artifacts/${experiment}/${await server.run(experiment)}/artifacts/large`;
    up[server.name] = () => timed(() => transfer(server, 'PUT', target, { from: file }));
    down[server.name] = () => timed(() => transfer(server, 'GET', target, { to: copy }));
  }

  const before = await memoryOf(ours.url);
  const rows = [];
  const peak = await peakDuring(ours.url, async () => {
    for (const [way, contenders] of [
      ['up', up],
      ['down', down],
    ]) {
      const { [ours.name]: own, ...peers } = await alternate(contenders, sizes.copies);
      for (const [name, { ms }] of Object.entries(peers)) {
        rows.push(duration(`${sizes.artifact} MiB ${way} through the proxy`, own, { name, ms }));
      }
    }
  });
  // What came down last is what went up.
  await promisify(execFile)('cmp', [file, copy]);
  return [
    ...rows,
    single('memory of the API before', before, 'MiB'),
    single('memory of the API at its peak, more than before', peak - before, 'MiB', memoryGoalMiB),
  ];
}
