import { AsyncLocalStorage } from 'node:async_hooks';
import type pg from 'pg';

/** What a token was narrowed to when it was made: its caller may do no more, whatever he may do with another. */
export interface Narrowing {
  /** Nothing that changes anything. */
  readOnly: boolean;
  /** Nothing outside of this catalog; null: every catalog. */
  catalogId: string | null;
}

/** Who acts: a user or a service principal. Set once, at the door. */
export interface Caller {
  id: string;
  name: string;
  kind: string;
  /** Absent: the credential says nothing, and the principal's rights are the only bound. */
  narrowing?: Narrowing;
}

/** What one request, or one job, carries along without being passed: read by access, audit, outbox and logging only. */
export interface RequestContext {
  requestId: string;
  address: string | null;
  caller: Caller | null;
  /** Whom the caller acts for, where he does not act for himself: who asked for what the service does by itself. For the audit trail. */
  onBehalfOf?: string;
  /** Shared by the whole request, its transactions included. Absent version: read it again. failed: for a reason of ours. allowed: what the caller was allowed, where somebody wants to know. */
  memo: { accessVersion?: number; failed?: boolean; allowed?: Set<string> };
  /** What the running operation has asked the decision core. Absent: nobody holds it to what it declares. */
  asked?: Set<string>;
  /** The connection of the running transaction. */
  transaction?: pg.PoolClient;
}

const storage = new AsyncLocalStorage<RequestContext>();

export const currentContext = (): RequestContext | undefined => storage.getStore();

/** Runs `work` with `context`; everything it awaits sees the same context. */
export const runInContext = <T>(context: RequestContext, work: () => T): T => storage.run(context, work);

/**
 * Runs `work` as `caller`, inside the running transaction if there is one: for what the service does by itself.
 * @param onBehalfOf who asked for it, as people call him; nobody when absent
 */
export const actAs = <T>(caller: Caller, work: () => T, onBehalfOf?: string): T =>
  runInContext({ requestId: 'service', address: null, memo: {}, ...currentContext(), caller, onBehalfOf }, work);
