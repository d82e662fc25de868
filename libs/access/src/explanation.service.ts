import { type Narrowing, NotFound, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { Access } from './access.service.js';
import { type AccessExplanation, type AccessFacts, type AccessPath, Explainer } from './explanation.js';
import { ExplanationReader } from './explanation.reader.js';
import type { Principal } from './principal.js';
import { PrincipalRepository } from './principal.repository.js';
import type { Privilege } from './privilege.js';
import { nounOf, type Securable } from './securable.js';
import { SecurableRepository } from './securable.repository.js';
import { WhoCanReader } from './who-can.reader.js';

/** An object by what people call it. */
type Ref = Pick<Securable, 'kind' | 'fullName'>;

/**
 * Why somebody may do something, and who may. About himself and his groups everybody may ask, on what he sees; about
 * others it needs MANAGE or READ_AUDIT on the object.
 */
@Injectable()
export class Explanations {
  constructor(
    private readonly access: Access,
    private readonly principals: PrincipalRepository,
    private readonly reader: ExplanationReader,
    private readonly securables: SecurableRepository,
    private readonly holders: WhoCanReader,
  ) {}

  /**
   * Of the caller himself it says what he may do with the token that he came with.
   * @param principalName a user, a service principal or a group
   * @throws NotFound for the principal or the object, absent or hidden; PermissionDenied
   */
  async explain(
    principalName: string,
    privilege: Privilege,
    ref: Ref,
  ): Promise<{ facts: AccessFacts; explanation: AccessExplanation }> {
    const { facts, narrowing } = await this.factsFor(principalName, ref);
    return { facts, explanation: new Explainer(facts).explain(privilege, narrowing) };
  }

  /** Every privilege that the principal has on the object, with all ways to it. @throws as explain */
  async effective(
    principalName: string,
    ref: Ref,
  ): Promise<{ facts: AccessFacts; held: { privilege: Privilege; paths: AccessPath[]; isPartial: boolean }[] }> {
    const { facts, narrowing } = await this.factsFor(principalName, ref);
    return { facts, held: new Explainer(facts).effective(narrowing) };
  }

  /** The users and service principals who may do it, by name. @throws NotFound, PermissionDenied, InvalidArgument */
  async whoCan(privilege: Privilege, ref: Ref, args: PageArgs): Promise<Page<Principal>> {
    return this.holders.page(privilege, await this.overseen(ref), args);
  }

  /** @throws NotFound, PermissionDenied */
  async countWhoCan(privilege: Privilege, ref: Ref): Promise<number> {
    return this.holders.count(privilege, await this.overseen(ref));
  }

  private async factsFor(name: string, ref: Ref): Promise<{ facts: AccessFacts; narrowing?: Narrowing }> {
    const caller = this.access.caller();
    const principal = await this.principals.byName(name);
    if (!principal) throw new NotFound('Principal', name);
    // A token for one catalog knows that there is a metastore, and not what its owner's groups may do on it.
    const outside = caller.narrowing?.catalogId && ref.kind === 'METASTORE';
    const own = (outside ? [caller.id] : await this.access.identitiesOf(caller.id)).includes(principal.id);
    const object = own ? await this.discovered(ref) : await this.overseen(ref);
    const narrowing = principal.id === caller.id ? caller.narrowing : undefined;
    const facts = await this.reader.facts(principal, object);
    if (!facts) throw new NotFound(nounOf[ref.kind], ref.fullName);
    return { facts, narrowing };
  }

  private async discovered({ kind, fullName }: Ref): Promise<Securable> {
    const found = await this.securables.byFullName(kind, fullName);
    return (await this.access.authorize('DISCOVER', found, kind, fullName)).object;
  }

  /** What an auditor reads the events of, he knows, whether or not he may use it. */
  private async overseen({ kind, fullName }: Ref): Promise<Securable> {
    const found = await this.securables.byFullName(kind, fullName);
    if (found && (await this.access.allowed('READ_AUDIT', found))) return found;
    return (await this.access.authorize('MANAGE', found, kind, fullName)).object;
  }
}
