import type { IncomingMessage, ServerResponse } from 'node:http';
import { currentContext, TransactionalPool } from '@app/platform';
import type { TestApp } from '../../support/app.js';

/** The SQL that each request of a service in this process runs until its answer has left. */
export class StatementLog {
  private readonly running = new Map<string, string[]>();
  private readonly answered = new Map<string, string[]>();

  constructor(t: TestApp) {
    const pool = t.app.get(TransactionalPool);
    const query = pool.query.bind(pool);
    pool.query = (...args: unknown[]) => {
      const [asked] = args as [string | { text: string }];
      const requestId = currentContext()?.requestId;
      if (requestId) this.of(requestId).push(typeof asked === 'string' ? asked : asked.text);
      return query(...args);
    };
    t.app.getHttpServer().on('request', (_request: IncomingMessage, response: ServerResponse) => {
      response.on('finish', () => {
        const requestId = String(response.getHeader('x-request-id'));
        this.answered.set(requestId, [...this.of(requestId)]);
        this.running.delete(requestId);
      });
    });
  }

  /** What ran before the answer to this request. */
  before(requestId: string | null): string[] {
    return this.answered.get(String(requestId)) ?? [];
  }

  private of(requestId: string): string[] {
    const statements = this.running.get(requestId) ?? [];
    this.running.set(requestId, statements);
    return statements;
  }
}
