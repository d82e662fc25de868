// Rows of the report: what was measured, ours and a peer's, and the ratio of the two.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from '../../scripts/lib/setup.mjs';
import { onDatabase } from './workshop.mjs';

export const resultsFile = fileURLToPath(new URL('../results/latest.json', import.meta.url));

/** More is better: the ratio says how many times the peer's throughput ours is. */
export const throughput = (what, ours, peer, goal) => ({
  what,
  ours,
  peer,
  ratio: ours.perSecond / peer.perSecond,
  ...(goal && { goal: `at least ${goal}`, met: ours.perSecond / peer.perSecond >= goal }),
});

/** Less is better: the ratio says how many times the peer's time ours is. */
export const duration = (what, ours, peer, goal) => ({
  what,
  ours,
  peer,
  ratio: ours.ms / peer.ms,
  ...(goal && { goal: `at most ${goal}`, met: ours.ms / peer.ms <= goal }),
});

/** A number without a peer, against a bound. */
export const single = (what, ours, unit, atMost) => ({
  what,
  ours: { value: ours, unit },
  ...(atMost && { goal: `at most ${atMost} ${unit}`, met: ours <= atMost }),
});

const digits = (number) => (number >= 100 ? number.toFixed(0) : number >= 10 ? number.toFixed(1) : number.toFixed(2));

function told(result) {
  if (!result) return '';
  const { name, perSecond, p50, p99, ms, value, unit, errors, databaseMs } = result;
  const parts = [
    name,
    perSecond !== undefined && `${digits(perSecond)}/s`,
    p50 !== undefined && `p50 ${digits(p50)} p99 ${digits(p99)} ms`,
    databaseMs !== undefined && `db ${digits(databaseMs)} ms`,
    ms !== undefined && `${digits(ms)} ms`,
    value !== undefined && `${digits(value)} ${unit}`,
    errors > 0 && `${errors} ERRORS`,
  ];
  return parts.filter(Boolean).join(' ');
}

/** The rows of all parts as one table of text. */
export function tableOf(rows) {
  const cells = rows.map(({ part, what, ours, peer, ratio, goal, met }) => [
    part,
    what,
    told(ours),
    told(peer),
    ratio === undefined ? '' : `${digits(ratio)} x`,
    goal ? `${goal}: ${met ? 'met' : 'NOT MET'}` : '',
  ]);
  const lines = [['part', 'what', 'ours', 'peer', 'ratio', 'goal'], ...cells];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** What a number depends on: without it nobody can compare two of them. */
export async function circumstances(server, sizes) {
  const settings = ['server_version', 'fsync', 'synchronous_commit', 'shared_buffers', 'jit'];
  const { rows } = await onDatabase(server, 'SELECT name, setting FROM pg_settings WHERE name = ANY($1)', [settings]);
  return {
    date: new Date().toISOString(),
    commit: commitOf(),
    node: process.version,
    system: `${os.platform()} ${os.arch()}`,
    processor: os.cpus()[0]?.model,
    cores: os.availableParallelism(),
    loadBefore: os.loadavg()[0],
    postgres: Object.fromEntries(rows.map(({ name, setting }) => [name, setting])),
    sizes: Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, String(size)])),
  };
}

function commitOf() {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return undefined;
  }
}

/** Keeps the rows of this run, by part; what was measured of other parts before stays. */
export function keepResults(circumstance, rows) {
  const kept = fs.existsSync(resultsFile) ? JSON.parse(fs.readFileSync(resultsFile, 'utf8')) : {};
  for (const part of new Set(rows.map((row) => row.part))) {
    const own = rows.filter((row) => row.part === part).map(({ part: _, ...row }) => row);
    kept[part] = { ...circumstance, rows: own };
  }
  fs.mkdirSync(path.dirname(resultsFile), { recursive: true });
  fs.writeFileSync(resultsFile, `${JSON.stringify(kept, null, 2)}\n`);
}
