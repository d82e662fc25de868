// What a person may see in a large installation: lists and counts through the service, against SQL written by hand for
// the one question, in several ways of which the best counts. And decisions, explanations, and what they cost.
import pg from 'pg';
import { openLibraries } from '../lib/libraries.mjs';
import { duration, single } from '../lib/report.mjs';
import { alternate, median } from '../lib/rounds.mjs';
import { timed } from '../lib/timed.mjs';
import { people, worldSql } from '../peers/access-world.mjs';
import { countVariants, deepPageVariants, firstPageVariants } from '../peers/visible-models.mjs';

const order = { field: 'FULL_NAME', direction: 'ASC' };
const pageSize = 50;
/** How deep the deep page is. */
const pagesBefore = 100;
const goal = 1.5;

/** Ours against each of the hand-written ways, in turn; the fastest of them is the peer, the others are kept beside it. */
async function compare(what, ours, byHand, { rounds, seconds }) {
  const contenders = { ours: () => timed(seconds, ours) };
  for (const { name, run } of byHand) contenders[name] = () => timed(seconds, run);
  const { ours: own, ...hand } = await alternate(contenders, rounds);
  const ranked = Object.entries(hand).sort(([, one], [, other]) => one.ms - other.ms);
  const [[name, best]] = ranked;
  const row = duration(what, own, { name: `hand-written SQL (${name})`, ...best }, goal);
  return { ...row, others: Object.fromEntries(ranked.slice(1).map(([other, { ms }]) => [other, { ms }])) };
}

/** Walks down the list. @returns the cursor of a page far down and the model that it stands behind; nothing when it is short */
async function farDown(page) {
  let found = await page({ first: pageSize });
  for (let number = 0; number < pagesBefore && found.hasNextPage; number++) {
    const last = found.edges.at(-1);
    if (number === pagesBefore - 1) return { after: last.cursor, last: last.node };
    found = await page({ first: pageSize, after: last.cursor });
  }
  return undefined;
}

/** A comparison of different answers would be none. */
async function requireSame(what, ours, byHand) {
  const wanted = JSON.stringify(await ours());
  for (const { name, answer } of byHand) {
    const found = JSON.stringify(await answer());
    if (found !== wanted)
      throw new Error(`${what}: the service finds ${wanted}, the hand-written SQL (${name}) ${found}`);
  }
}

/** The first page of a person whose rights have to be read anew: after every change of access. */
async function uncached(page, pool, rounds) {
  const times = [];
  for (let round = 0; round < 2 * rounds + 1; round++) {
    await pool.query('UPDATE access_version SET version = version + 1');
    const start = performance.now();
    await page();
    times.push(performance.now() - start);
  }
  return median(times);
}

/** The lists and counts of one person. */
async function listRows({ as, models, statements }, pool, [name, person], sizes) {
  const page = (args) => as(person, () => models.list({}, order, args));
  const count = () => as(person, () => models.count({}));
  const byHand = (kind, variants, read, values = []) =>
    variants.map(({ name, text }) => {
      const run = async () =>
        (await pool.query({ name: `${kind} ${name}`, text, values: [person.id, ...values] })).rows;
      return { name, run, answer: async () => read(await run()) };
    });
  const names = (rows) => rows.slice(0, pageSize).map(({ full_name }) => full_name);
  const namesOf = async (args) => (await page(args)).edges.map(({ node }) => node.fullName);

  const counts = byHand('count', countVariants, ([row]) => Number(row.count));
  const firsts = byHand('first', firstPageVariants, names);
  await requireSame('count', count, counts);
  await requireSame('first page', () => namesOf({ first: pageSize }), firsts);
  const of = `${name}: ${await count()} visible of ${sizes.models} models`;
  const first = () => page({ first: pageSize });
  const { count: before } = statements;
  await first();
  const rows = [
    single(`${name}: statements of the first page, nothing cached`, statements.count - before, 'statements'),
    single(`${name}: first page right after a change of access`, await uncached(first, pool, sizes.rounds), 'ms'),
    await compare(`first page of ${pageSize}, ${of}`, first, firsts, sizes),
    await compare(`count, ${of}`, count, counts, sizes),
  ];
  const deep = await farDown(page);
  if (!deep) return rows;
  const args = { first: pageSize, after: deep.after };
  const deeps = byHand('deep', deepPageVariants, names, [deep.last.fullName, deep.last.id]);
  await requireSame('deep page', () => namesOf(args), deeps);
  return [...rows, await compare(`page ${pagesBefore + 1}, ${of}`, () => page(args), deeps, sizes)];
}

/** Decisions when all that they need is cached, as in a request whose authentication has read the access version. */
async function decisionRows({ access, as, statements, models }, [name, person], accessVersion, { rounds, seconds }) {
  const decisions = 200;
  const memo = { accessVersion };
  const { edges } = await as(person, () => models.list({}, order, { first: pageSize }));
  const seen = edges.map(({ node }) => node);
  await as(person, () => access.allowed('EXECUTE', seen[0]), memo);
  const before = statements.count;
  const decide = () =>
    as(
      person,
      async () => {
        for (let index = 0; index < decisions; index++) await access.allowed('EXECUTE', seen[index % seen.length]);
      },
      memo,
    );
  const { decision } = await alternate({ decision: () => timed(seconds, decide) }, rounds);
  return [
    single(`${name}: a warm decision on a model`, (decision.ms / decisions) * 1000, 'us'),
    single(`${name}: statements of the warm decisions`, statements.count - before, 'statements', 0),
  ];
}

/** A whole authorized request below the door: the token, the object and the decision on it. */
async function requestRow({ as, authenticator, hashToken, models, statements }, pool, token, name) {
  await pool.query(
    `INSERT INTO access_tokens (id, principal_id, name, prefix, hash, last_used_at) VALUES (gen_random_uuid(), $1, 'bench', '', $2, now())`,
    [people.ada.id, hashToken(token)],
  );
  const request = async () => {
    const { caller, accessVersion } = await authenticator.authenticate(`Bearer ${token}`);
    await as(caller, () => models.view(name), { accessVersion });
  };
  await request();
  const before = statements.count;
  await request();
  return single(
    'ada: statements of a warm request for a model, the token included',
    statements.count - before,
    'statements',
  );
}

/** One answer of each kind to "why", by an administrator, on a model that the person may read. */
async function explanationRows({ as, explanations, statements }, ref, { rounds, seconds }) {
  const asked = {
    explainAccess: () => explanations.explain('ada', 'EXECUTE', ref),
    effectivePrivileges: () => explanations.effective('ada', ref),
    'whoCan, first page': () => explanations.whoCan('EXECUTE', ref, { first: pageSize }),
  };
  const rows = [];
  for (const [what, ask] of Object.entries(asked)) {
    const act = () => as(people.carol, ask);
    await act();
    const before = statements.count;
    await act();
    const count = statements.count - before;
    const { it } = await alternate({ it: () => timed(seconds, act) }, rounds);
    rows.push(single(`${what}, ${count} statements`, it.ms, 'ms'));
  }
  return rows;
}

export async function access({ workshop, sizes }) {
  const databaseUrl = await workshop.migratedDatabase();
  await workshop.query(databaseUrl, worldSql(sizes));
  await workshop.query(databaseUrl, 'VACUUM ANALYZE');
  const service = await openLibraries(databaseUrl, workshop.folder('data'));
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
  workshop.undo.push(service.close, () => pool.end());
  const rows = [];
  for (const entry of Object.entries(people).slice(0, 2)) {
    rows.push(...(await listRows(service, pool, entry, sizes)));
    const [{ version }] = (await pool.query('SELECT version FROM access_version')).rows;
    rows.push(...(await decisionRows(service, entry, Number(version), sizes)));
  }
  const { edges } = await service.as(people.ada, () => service.models.list({}, order, { first: 1 }));
  const [{ node }] = edges;
  rows.push(await requestRow(service, pool, 'imp_bench_token', node.fullName));
  return [...rows, ...(await explanationRows(service, node, sizes))];
}
