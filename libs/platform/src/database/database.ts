import { Injectable } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import type { Sql } from 'sql-template-tag';
import { currentContext, runInContext } from '../context/request-context.js';
import { DatabaseUnavailable, told } from './database-errors.js';
import { PrismaClient } from './generated/client.js';
import { IdSet } from './id-set.js';
import { TransactionalPool } from './pool.js';

/** Prepared statements are named by their text; the bound keeps dynamic SQL from filling the server's memory. */
const preparedStatements = 500;

function statementNames(prefix: string) {
  const names = new Map<string, string>();
  return (text: string): string | undefined => {
    const known = names.get(text);
    if (known || names.size >= preparedStatements) return known;
    const name = `${prefix}${names.size}`;
    names.set(text, name);
    return name;
  };
}

const batching = () => {
  throw new Error('findUnique is batched by Prisma across transactions: use findFirst');
};

function createPrisma(pool: TransactionalPool, nameOf: (text: string) => string | undefined) {
  // exactOptional typing of the adapter wants a string; undefined means "not prepared" to it.
  const adapter = new PrismaPg(pool, { statementNameGenerator: ({ sql }) => nameOf(sql) as string });
  return new PrismaClient({ adapter }).$extends({
    query: { $allModels: { findUnique: batching, findUniqueOrThrow: batching } },
  });
}

/** What repositories and readers see of PostgreSQL. */
@Injectable()
export class Database {
  /** For ordinary reads and writes. Hot paths use `query`. */
  readonly prisma: ReturnType<typeof createPrisma>;
  private readonly nameOf = statementNames('s');

  constructor(private readonly pool: TransactionalPool) {
    this.prisma = createPrisma(pool, statementNames('p'));
  }

  /** Runs one statement, prepared unless it holds an IdSet, and answers with its rows. */
  async query<Row>(statement: Sql): Promise<Row[]> {
    return (await this.run(statement)).rows;
  }

  /**
   * The same, prepared also when it holds an IdSet: for a large statement over few rows, which takes longer to plan than to run.
   * The plan that PostgreSQL keeps is only good where `plan_cache_mode` forces it.
   */
  async queryPrepared<Row>(statement: Sql): Promise<Row[]> {
    return (await this.run(statement, true)).rows;
  }

  /** The first row, or undefined. */
  async first<Row>(statement: Sql): Promise<Row | undefined> {
    return (await this.query<Row>(statement))[0];
  }

  /** Runs one statement and answers with the number of rows that it changed. */
  async execute(statement: Sql): Promise<number> {
    return (await this.run(statement)).rowCount ?? 0;
  }

  private async run({ text, values }: Sql, isPrepared = false): Promise<pg.QueryResult> {
    try {
      const isPlanned = !isPrepared && values.some((value) => value instanceof IdSet);
      const name = isPlanned ? undefined : this.nameOf(text);
      return await this.pool.query({ name, text, values });
    } catch (error) {
      throw told(error);
    }
  }
}

/** Where transactions begin and end: in the public methods of services, and nowhere else. */
@Injectable()
export class Transaction {
  constructor(private readonly pool: TransactionalPool) {}

  /** Runs `work` in one transaction (READ COMMITTED), joining the one that is already running. Rolls back when it throws. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const outer = currentContext();
    if (outer?.transaction) return work();

    const connection = await this.pool.checkout().catch((error: unknown) => {
      throw told(error);
    });
    const context = { requestId: '-', address: null, caller: null, memo: {}, ...outer, transaction: connection };
    let broken: Error | undefined;
    try {
      await connection.query('BEGIN');
      const result = await runInContext(context, work);
      await connection.query('COMMIT');
      return result;
    } catch (error) {
      const failure = told(error);
      // A connection that does not answer would not answer to ROLLBACK either: closing it rolls back.
      if (failure instanceof DatabaseUnavailable) broken = failure;
      else {
        await connection.query('ROLLBACK').catch((cause: Error) => {
          broken = cause;
        });
      }
      throw failure;
    } finally {
      connection.release(broken);
    }
  }
}
