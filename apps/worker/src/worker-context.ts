import { gatesIdentity } from '@app/gates';
import { runInContext } from '@app/platform';

/** Runs one piece of background work as the worker's identity, under the id of the request that caused it. */
export const asWorker = <T>(requestId: string, work: () => Promise<T>): Promise<T> =>
  runInContext({ requestId, address: null, caller: gatesIdentity, memo: {} }, work);
