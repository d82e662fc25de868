import { Access, Explanations, kindOfFullName, type Privilege, type SecurableKind } from '@app/access';
import { History } from '@app/history';
import { Args, Context, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Open, Requires } from '../../http/requires.js';
import { type Connection, toConnection } from '../schema/connection.js';
import { orNull } from '../schema/or-null.js';
import { PermissionDeniedError } from '../schema/user-error.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import { toEffectivePrivilege, toExplanation } from './explanation.convert.js';
import {
  AccessExplanationType,
  AccessStepType,
  EffectivePrivilegeType,
  ExplainAccessArgs,
  type ObjectArgs,
  PrincipalOnObjectArgs,
  WhoCanArgs,
} from './explanation.types.js';
import { PrincipalConnection, PrincipalType, principalsAreKnown, toPrincipal } from './principal.type.js';

const whoMayAsk =
  'About yourself and your groups on what you see; about others it needs MANAGE or READ_AUDIT on the object';

const refOf = ({ fullName, kind }: ObjectArgs) => ({ fullName, kind: kind ?? kindOfFullName(fullName) });

/** Why can this person do this, and who can. */
@Resolver()
export class ExplanationResolver {
  constructor(
    private readonly explanations: Explanations,
    private readonly history: History,
  ) {}

  @Requires('DISCOVER', 'MANAGE', 'READ_AUDIT')
  @Query(() => AccessExplanationType, {
    nullable: true,
    description: `Why a principal may do something on an object, or what is missing. ${whoMayAsk}`,
  })
  async explainAccess(
    @Args() { principal, privilege, asOf, ...object }: ExplainAccessArgs,
  ): Promise<AccessExplanationType | null> {
    const ref = refOf(object);
    const found = asOf
      ? await this.history.explain(principal, privilege, ref, asOf)
      : await this.explanations.explain(principal, privilege, ref);
    return orNull(found, ({ facts, explanation }) => toExplanation(facts, privilege, explanation));
  }

  @Requires('DISCOVER', 'MANAGE', 'READ_AUDIT')
  @Query(() => [EffectivePrivilegeType], {
    nullable: true,
    description: `All that a principal may do on an object, and where it comes from. ${whoMayAsk}`,
  })
  async effectivePrivileges(
    @Args() { principal, asOf, ...object }: PrincipalOnObjectArgs,
  ): Promise<EffectivePrivilegeType[] | null> {
    const ref = refOf(object);
    const found = asOf
      ? await this.history.effective(principal, ref, asOf)
      : await this.explanations.effective(principal, ref);
    return orNull(found, ({ facts, held }) => held.map((privilege) => toEffectivePrivilege(facts, privilege)));
  }

  @Requires('MANAGE', 'READ_AUDIT')
  @Query(() => PrincipalConnection, {
    nullable: true,
    description:
      'The users and service principals who may do something on an object, by name. Needs MANAGE or READ_AUDIT on it',
  })
  async whoCan(@Args() { privilege, fullName, kind, ...page }: WhoCanArgs): Promise<Connection<PrincipalType>> {
    const ref = refOf({ fullName, kind });
    const found = await this.explanations.whoCan(privilege, ref, page);
    return toConnection(found, toPrincipal, () => this.explanations.countWhoCan(privilege, ref));
  }
}

@Resolver(() => AccessStepType)
export class AccessStepFields {
  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true, description: 'Of MEMBER_OF, the group' })
  async group(@Parent() { groupId }: AccessStepType, @Context() { loaders }: GraphqlContext) {
    return groupId ? orNull(await loaders.principal.load(groupId), toPrincipal) : null;
  }
}

/** A refusal explains itself to the one who was refused, when he asks. */
@Resolver(() => PermissionDeniedError)
export class PermissionDeniedFields {
  constructor(
    private readonly access: Access,
    private readonly explanations: Explanations,
  ) {}

  @Requires('DISCOVER')
  @ResolveField(() => AccessExplanationType, {
    nullable: true,
    description: 'Why you lack it: what of the conditions you meet, and how; null when another rule refused',
  })
  async explanation(@Parent() error: PermissionDeniedError): Promise<AccessExplanationType | null> {
    if (!error.kind || !error.fullName) return null;
    const privilege = error.privilege as Privilege;
    const ref = { kind: error.kind as SecurableKind, fullName: error.fullName };
    const { facts, explanation } = await this.explanations.explain(this.access.caller().name, privilege, ref);
    return toExplanation(facts, privilege, explanation);
  }
}
