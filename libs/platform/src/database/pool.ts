import pg from 'pg';
import { currentContext } from '../context/request-context.js';

/** bigint columns hold counters, sizes and epoch milliseconds, all far below 2^53: read them as numbers. */
const int8 = 20;
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === int8 ? Number : pg.types.getTypeParser(oid, format as 'text'),
} as pg.CustomTypesConfig;

/**
 * The one pool of a process. Inside `Transaction.run` every query, Prisma's included, goes to the transaction's own
 * connection: that is how raw SQL and Prisma share one transaction (docs/adr/0002).
 */
export class TransactionalPool extends pg.Pool {
  /** @param answerWithin milliseconds for one statement; PostgreSQL ends it then, and when that is silent too, the pool does */
  constructor(connectionString: string, size: number, answerWithin = 15_000) {
    super({
      connectionString,
      max: size,
      connectionTimeoutMillis: 5000,
      idleTimeoutMillis: 30_000,
      statement_timeout: answerWithin,
      query_timeout: answerWithin + 1000,
      // Compiling a statement takes longer than it saves: a page of 10,000 runs took 0.8 s with it, and 0.65 s without.
      options: '-c jit=off',
      types,
    });
    // A connection that breaks (PostgreSQL restarts) without a listener would end the process: in the pool, which drops
    // it, and within a transaction between two statements, whose next statement fails.
    this.on('error', () => undefined);
    this.on('connect', (connection) => connection.on('error', () => undefined));
  }

  /** A connection outside any transaction, for the transaction itself. */
  checkout(): Promise<pg.PoolClient> {
    return super.connect();
  }

  // biome-ignore lint/suspicious/noExplicitAny: pg declares nine overloads of query; all of them are passed on unchanged.
  override query(...args: any[]): any {
    const connection = currentContext()?.transaction;
    // biome-ignore lint/suspicious/noExplicitAny: as above
    return connection ? (connection.query as any)(...args) : (super.query as any)(...args);
  }

  // biome-ignore lint/suspicious/noExplicitAny: pg declares overloads of connect; they are passed on unchanged.
  override connect(...args: any[]): any {
    if (currentContext()?.transaction) {
      throw new Error(
        'a Prisma call opened a transaction of its own inside Transaction.run: write its statements one by one',
      );
    }
    // biome-ignore lint/suspicious/noExplicitAny: as above
    return (super.connect as any)(...args);
  }
}
