import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Cluster, Program } from './cluster.js';
import type { Random } from './random.js';

/** Where a process is caught: what is locked, so that it waits there, and the statement that it then waits with. */
interface Trap {
  /** $1 is the model of the requests. */
  lock: string;
  program: Program;
  /** A regular expression of PostgreSQL. */
  waitsWith: string;
}

const inAGate: Trap = {
  lock: 'LOCK TABLE latest_metrics IN ACCESS EXCLUSIVE MODE',
  program: 'worker',
  waitsWith: 'FROM latest_metrics',
};
const modelLock = 'SELECT 1 FROM securables WHERE id = $1 FOR UPDATE';
const waitsForModel = 'FROM securables .*FOR UPDATE';

const traps = {
  'worker in the transaction of a request': { lock: modelLock, program: 'worker', waitsWith: waitsForModel },
  'worker between its work and the acknowledgement': {
    lock: "SELECT 1 FROM outbox WHERE handled_at IS NULL AND event = 'gate_run.queued' FOR UPDATE",
    program: 'worker',
    waitsWith: 'UPDATE outbox SET handled_at',
  },
  'API in the transaction of a request': { lock: modelLock, program: 'api', waitsWith: waitsForModel },
} satisfies Record<string, Trap>;

const anywhere = { 'worker anywhere': 'worker', 'API anywhere': 'api' } as const;

const overGates = ['two workers in the middle of gates, and Redis emptied', 'Redis emptied'] as const;

export type Blow = keyof typeof traps | keyof typeof anywhere | (typeof overGates)[number];

/** While the first requests wait for their gates, and nobody decides: what is lost here must be found again. */
export const firstBlows: readonly Blow[] = [
  'two workers in the middle of gates, and Redis emptied',
  'worker between its work and the acknowledgement',
];

/** While requests are opened, decided and applied. Redis comes first, when most is still to be done; the rest in an order of the seed's. */
export const laterBlows = (random: Random): Blow[] => [
  'Redis emptied',
  ...random.shuffled<Blow>([
    'worker in the transaction of a request',
    'worker in the transaction of a request',
    'worker between its work and the acknowledgement',
    'API in the transaction of a request',
    'API in the transaction of a request',
    'worker anywhere',
    'API anywhere',
  ]),
];

/** The locks are given up before the statements that wait for them end (15 s), which would turn a kill into a timeout. */
const waitForVictimMs = 8000;
const mostTries = 3;

/** Kills processes with SIGKILL, and empties Redis: the test's own, which nobody else uses. */
export class Storm {
  /** The blows that hit what they were meant for. */
  readonly hits: Blow[] = [];

  private constructor(
    private readonly holder: pg.Client,
    /** Within a transaction PostgreSQL shows its activity as it was at the first look: it is watched from outside. */
    private readonly watcher: pg.Client,
    private readonly redis: Redis,
    private readonly cluster: Cluster,
    private readonly modelId: string,
    private readonly random: Random,
  ) {}

  static async over(
    urls: { database: string; redis: string },
    cluster: Cluster,
    modelId: string,
    random: Random,
  ): Promise<Storm> {
    const [holder, watcher] = [new pg.Client(urls.database), new pg.Client(urls.database)];
    await holder.connect();
    await watcher.connect();
    return new Storm(holder, watcher, new Redis(urls.redis), cluster, modelId, random);
  }

  async strike(blow: Blow): Promise<void> {
    for (let tries = 0; tries < mostTries; tries++) {
      if (await this.hit(blow)) {
        this.hits.push(blow);
        return;
      }
    }
  }

  async end(): Promise<void> {
    this.redis.disconnect();
    await this.holder.end();
    await this.watcher.end();
  }

  private hit(blow: Blow): Promise<boolean> {
    if (blow in anywhere) return this.killAny(anywhere[blow as keyof typeof anywhere]);
    if (blow in traps) return this.killInTrap(traps[blow as keyof typeof traps]);
    return this.emptyRedis(blow === 'Redis emptied' ? 0 : 2);
  }

  private async killAny(program: Program): Promise<boolean> {
    const running = this.cluster.names(program);
    if (running.length === 0) return false;
    await this.cluster.kill(this.random.one(running));
    return true;
  }

  private killInTrap(trap: Trap): Promise<boolean> {
    return this.whileCaught(trap, 1, async (victims) => {
      const victim = this.random.one(victims);
      await this.cluster.kill(victim);
      // PostgreSQL would still carry out the statement that it was sent, and only then notice that nobody listens.
      await this.watcher.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1',
        [victim],
      );
    });
  }

  /** While gates run that cannot end, so that there are jobs to lose. */
  private emptyRedis(kills: number): Promise<boolean> {
    return this.whileCaught(inAGate, Math.max(kills, 1), async (victims) => {
      for (const victim of this.random.shuffled(victims).slice(0, kills)) await this.cluster.kill(victim);
      await this.redis.flushall();
    });
  }

  /** @returns false when too few have come by in time */
  private async whileCaught(
    trap: Trap,
    atLeast: number,
    strike: (victims: string[]) => Promise<void>,
  ): Promise<boolean> {
    await this.holder.query('BEGIN');
    try {
      await this.holder.query(trap.lock, trap.lock.includes('$1') ? [this.modelId] : []);
      const victims = await this.caught(trap, atLeast);
      if (victims.length >= atLeast) await strike(victims);
      return victims.length >= atLeast;
    } finally {
      await this.holder.query('ROLLBACK');
    }
  }

  /** The processes that wait in the trap, as soon as there are enough. */
  private async caught({ program, waitsWith }: Trap, atLeast: number): Promise<string[]> {
    const end = Date.now() + waitForVictimMs;
    for (;;) {
      const { rows } = await this.watcher.query<{ name: string }>(
        `SELECT DISTINCT application_name AS name FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ~ $1 ORDER BY 1`,
        [waitsWith],
      );
      const running = this.cluster.names(program);
      const caught = rows.map(({ name }) => name).filter((name) => running.includes(name));
      if (caught.length >= atLeast || Date.now() > end) return caught;
      await pause(20);
    }
  }
}
