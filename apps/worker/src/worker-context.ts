import { builtInPrincipals } from '@app/access';
import { type Caller, runInContext } from '@app/platform';

/** Whom the worker acts as: a principal without a single grant. */
const gates: Caller = { id: builtInPrincipals.gates, name: 'imprimatur-gates', kind: 'SERVICE_PRINCIPAL' };

/** Runs one piece of background work as the worker's identity, under the id of the request that caused it. */
export const asWorker = <T>(requestId: string, work: () => Promise<T>): Promise<T> =>
  runInContext({ requestId, address: null, caller: gates, memo: {} }, work);
