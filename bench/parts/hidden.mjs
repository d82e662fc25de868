// Whether the time of an answer tells a hidden object from an absent one: the same question about both, in turn, by
// somebody who may see neither.
import { exchange, quantile } from '../lib/load.mjs';
import { alternate } from '../lib/rounds.mjs';
import { Imprimatur } from '../peers/imprimatur.mjs';

const hidden = 'bench.registry.secret';
/** As long as the hidden name. */
const absent = 'bench.registry.nobody';

const document = (name) =>
  JSON.stringify({
    query: `query($n: String!) { model(fullName: $n) { name versions(first: 5) { nodes { number } } } }`,
    variables: { n: name },
  });

const questions = {
  'registered-models/get': (ours, name) => ours.request('registered-models/get', { name }),
  'model-versions/get': (ours, name) => ours.request('model-versions/get', { name, version: '1' }),
  'version by alias': (ours, name) => ours.request('registered-models/alias', { name, alias: 'champion' }),
  'GraphQL: model': (ours, name) => {
    const body = document(name);
    const headers = { ...ours.headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    return { method: 'POST', path: '/graphql', headers, body };
  },
};

/** The median time of one request after another. */
async function timed(seconds, ask) {
  const times = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const start = performance.now();
    await ask();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { ms: quantile(times, 0.5) };
}

export async function hiddenObjects({ workshop, sizes }) {
  const ours = await Imprimatur.start(workshop);
  await ours.model(hidden, 1);
  const stranger = Object.create(ours, {
    headers: { value: { authorization: `Bearer ${await ours.stranger('stranger')}` } },
  });
  const rows = [];
  for (const [what, requestOf] of Object.entries(questions)) {
    const ask = (name) => () => exchange(undefined, ours.url, requestOf(stranger, name));
    const [one, other] = [await ask(hidden)(), await ask(absent)()];
    const blurred = ({ status, body }, name) => `${status} ${body.toString().replaceAll(name, '…')}`;
    if (blurred(one, hidden) !== blurred(other, absent)) throw new Error(`${what}: ${one.body} and not ${other.body}`);
    const turns = { hidden: () => timed(sizes.seconds, ask(hidden)), absent: () => timed(sizes.seconds, ask(absent)) };
    const results = await alternate(turns, sizes.rounds);
    const ratio = results.hidden.ms / results.absent.ms;
    rows.push({
      what: `${what}: hidden against absent`,
      ours: results.hidden,
      peer: { name: 'absent', ...results.absent },
      ratio,
    });
  }
  return rows;
}
