import { kindOfFullName, type Securable } from '@app/access';
import { History } from '@app/history';
import { Args, Context, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Open, Requires } from '../../http/requires.js';
import { PrincipalType, principalsAreKnown, toPrincipal } from '../access/principal.type.js';
import { type Connection, ConnectionArgs, toConnection } from '../schema/connection.js';
import { orNull } from '../schema/or-null.js';
import { SecurableType } from '../schema/securable.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import {
  HolderConnection,
  type HolderType,
  PastGrantConnection,
  PastGrantType,
  PastPolicyType,
  SecurableStateArgs,
  SecurableStateType,
  toHolder,
  toPastGrant,
  toPastPolicy,
  toSecurableState,
} from './history.types.js';

const whoMayAsk = 'null when it did not exist yet. Needs READ_AUDIT, where it stands now and where it stood then';

/** How a securable stood as of a time. */
@Resolver(() => SecurableType)
export class SecurableHistoryFields {
  constructor(private readonly history: History) {}

  @Requires('READ_AUDIT')
  @Query(() => SecurableStateType, {
    nullable: true,
    description: `How a securable that is there stood as of a past instant: whoever reads its audit need not see it otherwise. ${whoMayAsk}`,
  })
  securableState(@Args() { at, fullName, kind }: SecurableStateArgs): Promise<SecurableStateType | null> {
    return this.state({ fullName, kind: kind ?? kindOfFullName(fullName) }, at);
  }

  @Requires('READ_AUDIT')
  @ResolveField(() => SecurableStateType, {
    nullable: true,
    description: `How it stood as of a past instant. ${whoMayAsk}`,
  })
  stateAt(@Parent() { source }: SecurableType, @Args('at') at: Date): Promise<SecurableStateType | null> {
    return this.state({ kind: source.kind, fullName: source.fullName }, at);
  }

  private async state(ref: Pick<Securable, 'kind' | 'fullName'>, at: Date): Promise<SecurableStateType | null> {
    return orNull(await this.history.securable(ref, at), (past) => toSecurableState(past, ref, at));
  }
}

@Resolver(() => SecurableStateType)
export class SecurableStateFields {
  constructor(private readonly history: History) {}

  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true, description: 'null when the principal was deleted since' })
  async owner(@Parent() { ownerId }: SecurableStateType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.principal.load(ownerId), toPrincipal);
  }

  @Requires('READ_AUDIT')
  @ResolveField(() => PastGrantConnection, { description: 'The grants in force on it itself, the oldest first' })
  async grants(
    @Parent() { source, at }: SecurableStateType,
    @Args() page: ConnectionArgs,
  ): Promise<Connection<PastGrantType>> {
    const found = await this.history.grants(source, at, page);
    return toConnection(found, toPastGrant, () => this.history.countGrants(source, at));
  }

  @Requires('READ_AUDIT')
  @ResolveField(() => HolderConnection, {
    nullable: true,
    description: 'Of a model: every alias and stage that a version held',
  })
  async holders(
    @Parent() { source, at }: SecurableStateType,
    @Args() page: ConnectionArgs,
  ): Promise<Connection<HolderType> | null> {
    const { kind, fullName } = source;
    if (kind !== 'REGISTERED_MODEL') return null;
    const found = await this.history.holders(fullName, at, page);
    return toConnection(found, toHolder, () => this.history.countHolders(fullName, at));
  }

  @Requires('READ_AUDIT')
  @ResolveField(() => [PastPolicyType], { description: 'The policies on it itself that were not retired, by name' })
  async policies(@Parent() { source, at }: SecurableStateType): Promise<PastPolicyType[]> {
    return (await this.history.policies(source, at)).map(toPastPolicy);
  }
}

@Resolver(() => PastGrantType)
export class PastGrantFields {
  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true, description: 'null when the principal was deleted since' })
  async principal(@Parent() { principalId }: PastGrantType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.principal.load(principalId), toPrincipal);
  }

  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true, description: 'null when the principal was deleted since' })
  async grantedBy(@Parent() { grantedById }: PastGrantType, @Context() { loaders }: GraphqlContext) {
    return grantedById ? orNull(await loaders.principal.load(grantedById), toPrincipal) : null;
  }
}
