import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import type { z } from 'zod';
import { currentContext } from '../context/request-context.js';
import { Database } from '../database/database.js';

/** Something that has happened and that the worker must act on: `<noun>.<past tense>`, a payload of ids. */
export interface OutboxEvent<Payload> {
  name: string;
  payload: z.ZodType<Payload>;
}

const defined = new Set<string>();

/** @throws Error when there is an event of this name */
export function defineEvent<Payload>(name: string, payload: z.ZodType<Payload>): OutboxEvent<Payload> {
  if (defined.has(name)) throw new Error(`the event ${name} is defined twice`);
  defined.add(name);
  return { name, payload };
}

/** The names of all events of the libraries that this process has loaded, for the worker's check that each has its handler. */
export const definedEvents = (): string[] => [...defined].sort();

/** How work leaves a request: the message is written in the transaction of the change, and shipped afterwards by the worker. */
@Injectable()
export class Outbox {
  constructor(private readonly db: Database) {}

  /** Call inside Transaction.run. Delivery is at least once; handlers are idempotent. */
  async add<Payload>(event: OutboxEvent<Payload>, payload: Payload): Promise<void> {
    await this.addAll(event, [payload]);
  }

  /** One message for each payload, in one statement. */
  async addAll<Payload>(event: OutboxEvent<Payload>, payloads: readonly Payload[]): Promise<void> {
    const bodies = payloads.map((payload) => JSON.stringify(event.payload.parse(payload)));
    await this.db.execute(
      sql`INSERT INTO outbox (event, payload, request_id)
        SELECT ${event.name}, body, ${currentContext()?.requestId ?? null}::text FROM unnest(${bodies}::jsonb[]) AS body`,
    );
  }
}
