import { randomInt } from 'node:crypto';
import type { Securable } from '@app/access';
import sql from 'sql-template-tag';
import { eventually, startValkey, type TestProcess } from '../support/processes.js';
import { createPromotionTest, type PromotionTest } from '../support/promotion.js';
import { Cluster } from './cluster.js';
import { Ledger } from './ledger.js';
import { type Fate, People, type Wish } from './people.js';
import { Random } from './random.js';
import { type Blow, firstBlows, laterBlows, Storm } from './storm.js';

const requests = 100;
const workers = 8;
const apis = 2;
/** Opened at once, before anybody decides. */
const flood = 28;
/** Afterwards so many people want something at the same moment. */
const lanes = 8;
const gates = [
  { key: 'auc', type: 'METRIC_THRESHOLD', config: { metric: 'auc', min: 0.9 } },
  { key: 'signature', type: 'SIGNATURE' },
  { key: 'files', type: 'ARTIFACT_INTEGRITY', config: { requiredPaths: ['model.pkl'] } },
];
const fates: readonly Fate[] = ['PROMOTE', 'PROMOTE', 'PROMOTE', 'PROMOTE', 'REJECT', 'TOO_WEAK'];
const patienceMs = 240_000;

/** The plan is the seed's: which request is to fail, what is struck, in which order. When exactly, the machine decides. */
const seed = Number(process.env.CHAOS_SEED ?? randomInt(2 ** 31));

/** Until all have ended, also when one has failed, which calls the others off. */
async function together(parts: Promise<unknown>[], calledOff: AbortController): Promise<void> {
  const ends = await Promise.allSettled(
    parts.map((part) =>
      part.catch((error: unknown) => {
        calledOff.abort();
        throw error;
      }),
    ),
  );
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

describe(`${requests} requests for one target, ${workers} workers, kill -9, and a Redis that forgets (CHAOS_SEED=${seed})`, () => {
  const random = new Random(seed);
  const planned = laterBlows(random);
  let t: PromotionTest;
  let model: Securable;
  let valkey: TestProcess;
  let cluster: Cluster;
  let storm: Storm;
  let ledger: Ledger;

  const count = async (state: 'CLOSED' | 'VALIDATING'): Promise<number> => {
    const condition = state === 'CLOSED' ? sql`closed_at IS NOT NULL` : sql`state = 'VALIDATING'`;
    return (
      (await t.db.first<{ n: number }>(sql`SELECT count(*) AS n FROM promotion_requests WHERE ${condition}`))?.n ?? 0
    );
  };

  const makeWishes = async (): Promise<Wish[]> => {
    const wishes: Wish[] = [];
    while (wishes.length < requests) {
      const fate = random.one(fates);
      const { number } = await t.trained(model, { auc: fate === 'TOO_WEAK' ? 0.5 : 0.95 });
      wishes.push({ version: number, fate });
    }
    return wishes;
  };

  const startCluster = async () => {
    cluster = new Cluster((program, index) => ({
      ...t.env,
      LOG_LEVEL: 'warn',
      REDIS_URL: valkey.url,
      RECONCILE_SECONDS: '1',
      GATE_CONCURRENCY: '2',
      DATABASE_POOL_SIZE: program === 'api' ? '6' : '4',
      // Every other process leaves the last look at the files, and the move, to a worker.
      ...(index % 2 === 0 && { INLINE_DIGEST_BYTES: '0' }),
    }));
    for (let i = 0; i < workers; i++) cluster.start('worker');
    for (let i = 0; i < apis; i++) cluster.start('api');
    await cluster.settled();
  };

  /** The first requests, all at once; their gates are struck, and all the same every one is judged before anybody decides. */
  const floodOfRequests = async (signal: AbortSignal) => {
    await eventually(
      () => count('VALIDATING'),
      (n) => n > 2 || signal.aborted,
      patienceMs,
    );
    for (const blow of firstBlows) await storm.strike(blow);
    const opened = async () => (await ledger.ends()).reduce((sum, row) => sum + row.requests, 0);
    await eventually(opened, (n) => n >= flood || signal.aborted, patienceMs);
    await eventually(
      () => count('VALIDATING'),
      (n) => n === 0 || signal.aborted,
      patienceMs,
    );
  };

  /** Blow after blow, spread over the life of the requests: a slow machine has the same storm, only longer. */
  const laterStorm = async (signal: AbortSignal) => {
    for (const [index, blow] of planned.entries()) {
      const due = flood + Math.floor((index * (requests - flood) * 0.8) / planned.length);
      await eventually(
        () => count('CLOSED'),
        (closed) => closed >= due || signal.aborted,
        patienceMs,
      );
      if (!signal.aborted) await storm.strike(blow);
    }
  };

  const live = async (wishes: Wish[]) => {
    const calledOff = new AbortController();
    let begin: () => void = () => undefined;
    const reviewers = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const people = new People(model.fullName, t, () => cluster.urls, random, reviewers, calledOff.signal);
    const lane = async (): Promise<void> => {
      for (let wish = wishes.shift(); wish && !calledOff.signal.aborted; wish = wishes.shift()) {
        await people.pursue(wish);
      }
    };
    const first = wishes.splice(0, flood).map((wish) => people.pursue(wish));
    const later = floodOfRequests(calledOff.signal).then(() => {
      begin();
      return together([...Array.from({ length: lanes }, lane), laterStorm(calledOff.signal)], calledOff);
    });
    await together([...first, later.finally(begin)], calledOff);
  };

  beforeAll(async () => {
    [t, valkey] = await Promise.all([createPromotionTest(), startValkey()]);
    ledger = new Ledger(t.db);
    await t.policy(t.catalog, { gates });
    model = await t.model();
    const wishes = await makeWishes();
    await startCluster();
    storm = await Storm.over({ database: t.env.DATABASE_URL as string, redis: valkey.url }, cluster, model.id, random);
    await live(wishes);
    await cluster.settled();
    // What was killed before it was acknowledged is delivered once more.
    await eventually(
      () => t.db.query(sql`SELECT event, payload FROM outbox WHERE handled_at IS NULL`),
      (messages) => messages.length === 0,
      patienceMs,
    );
  }, 900_000);

  afterAll(async () => {
    await storm?.end();
    await cluster?.stop();
    await t?.close();
    await valkey?.stop('SIGKILL');
  });

  it('was a storm: what was killed had work in its hands, and Redis was emptied twice', async () => {
    // The later ones may miss: the requests do not wait for them.
    expect(storm.hits).toEqual(expect.arrayContaining<Blow>([...firstBlows, 'Redis emptied']));
    expect(await ledger.takenOver()).toBeGreaterThan(0);
  });

  it('brings every request to an end, and every kind of end is there', async () => {
    expect(await ledger.unfinishedRequests()).toEqual([]);
    expect(await ledger.strayRequests()).toEqual([]);
    const ends = await ledger.ends();
    expect(ends.map(({ state }) => state)).toEqual(['APPLIED', 'CANCELLED', 'REJECTED', 'SUPERSEDED']);
    expect(ends.reduce((sum, row) => sum + row.requests, 0)).toBe(requests);
  });

  it('gives each gate exactly one judgement', async () => {
    expect(await ledger.incompleteRounds(gates.map(({ key }) => `prod/${key}`))).toEqual([]);
    expect(await ledger.misjudgedGates()).toEqual([]);
  });

  it('moves the target exactly as often as requests were applied, in one unbroken chain', async () => {
    const applied = (await ledger.ends()).find(({ state }) => state === 'APPLIED')?.requests;
    expect(await ledger.moves()).toBe(applied);
    expect(await ledger.brokenMoves()).toEqual([]);
    expect(await ledger.unfoundedApplications()).toEqual([]);
    const holder = await ledger.holder();
    expect(holder?.holds).toBe(holder?.cameLast);
  });

  it('complains of nothing but the locks of the storm, which keep its small pools busy', () => {
    const complaints = cluster.output().match(/^\{"level":"(error|fatal)".*$/gm) ?? [];
    expect(
      complaints.filter((line) => !/DatabaseUnavailable|timeout exceeded when trying to connect/.test(line)),
    ).toEqual([]);
  });
});
