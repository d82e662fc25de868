// Peers take turns in short rounds, so that whatever else the machine does meanwhile hits them alike.
import { quantile } from './load.mjs';

export const median = (values) =>
  quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );

/**
 * Measures each contender once a round, in turn, every other round in reverse, after one round that is thrown away.
 * @param {Record<string, () => Promise<Record<string, number>>>} contenders what measures each of them
 * @returns {Promise<Record<string, Record<string, number>>>} of each contender the median of every number, and the sum of its errors
 */
export async function alternate(contenders, rounds) {
  const names = Object.keys(contenders);
  const measured = Object.fromEntries(names.map((name) => [name, []]));
  for (const name of names) await contenders[name]();
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) measured[name].push(await contenders[name]());
  }
  return Object.fromEntries(names.map((name) => [name, summary(measured[name])]));
}

function summary(results) {
  const middle = (key) => median(results.map((result) => result[key]));
  const numbers = Object.fromEntries(Object.keys(results[0]).map((key) => [key, middle(key)]));
  const errors = results.reduce((sum, result) => sum + (result.errors ?? 0), 0);
  return { ...numbers, errors };
}
