import type { Principal, Securable } from '@app/access';
import type { NewAuditEvent } from '@app/audit';
import type { Grant } from './grant.js';

/** What was done to the grants on one object. `changed` are the new ones, and those whose expiry is another now. */
interface Written {
  before: readonly Grant[];
  changed: readonly Grant[];
  revoked: readonly Grant[];
}

/** One event for each grant that was made, changed or revoked. */
export function grantEvents(
  object: Securable,
  principals: readonly Principal[],
  { before, changed, revoked }: Written,
): NewAuditEvent[] {
  const nameOf = (principalId: string) => principals.find(({ id }) => id === principalId)?.name;
  const told = (grant: Grant | undefined) => {
    if (!grant) return null;
    const { principalId, privilege, expiresAt } = grant;
    return { principal: nameOf(principalId), principalId, privilege, expiresAt };
  };
  const event = (action: string, was: Grant | undefined, is: Grant | undefined): NewAuditEvent => {
    const { id, privilege, principalId } = (is ?? was) as Grant;
    const name = `${privilege} on ${object.fullName} to ${nameOf(principalId)}`;
    return { action, object: { kind: 'GRANT', id, name, within: object }, before: told(was), after: told(is) };
  };
  return [
    ...changed.map((grant) => {
      const was = before.find(({ id }) => id === grant.id);
      return event(was ? 'grant.changed' : 'grant.created', was, grant);
    }),
    ...revoked.map((grant) => event('grant.revoked', grant, undefined)),
  ];
}
