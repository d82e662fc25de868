import { quantile } from './load.mjs';

/** The median time of an act that is repeated for a while. @returns {Promise<{ ms: number }>} */
export async function timed(seconds, act) {
  const times = [];
  const end = performance.now() + seconds * 1000;
  do {
    const start = performance.now();
    await act();
    times.push(performance.now() - start);
  } while (performance.now() < end);
  times.sort((a, b) => a - b);
  return { ms: quantile(times, 0.5) };
}
