import { builtInPrincipals } from '@app/access';
import type { Caller } from '@app/platform';

/** Whom gates are run by, and ended by when their validator reports: a principal without a single grant. */
export const gatesIdentity: Caller = {
  id: builtInPrincipals.gates,
  name: 'imprimatur-gates',
  kind: 'SERVICE_PRINCIPAL',
};
