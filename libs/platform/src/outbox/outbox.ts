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

/** A message as it is written. */
export interface OutboxMessage {
  event: string;
  payload: unknown;
  request_id: string | null;
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
    await this.write(payloads.map((payload) => this.message(event, payload)));
  }

  /** A message of the request that it is made in, to be written together with those of others. */
  message<Payload>(event: OutboxEvent<Payload>, payload: Payload): OutboxMessage {
    return {
      event: event.name,
      payload: event.payload.parse(payload),
      request_id: currentContext()?.requestId ?? null,
    };
  }

  /** Writes messages in their order. Call inside Transaction.run. */
  async write(messages: readonly OutboxMessage[]): Promise<void> {
    await this.db.execute(sql`
      INSERT INTO outbox (event, payload, request_id)
      SELECT m.event, m.payload, m.request_id
      FROM jsonb_to_recordset(${JSON.stringify(messages)}::jsonb) AS m(event text, payload jsonb, request_id text)`);
  }
}
