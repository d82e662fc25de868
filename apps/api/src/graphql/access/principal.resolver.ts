import { Access } from '@app/access';
import { Groups, Principals } from '@app/identity';
import type { OnModuleInit } from '@nestjs/common';
import { Args, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Open, Requires } from '../../http/requires.js';
import { type Connection, ConnectionArgs, toConnection } from '../schema/connection.js';
import { NodeRegistry } from '../server/node-registry.js';
import {
  GroupMemberInput,
  GroupMemberPayload,
  PrincipalCreateInput,
  PrincipalDeletePayload,
  PrincipalPayload,
  PrincipalRefInput,
  PrincipalsArgs,
  PrincipalUpdateInput,
} from './principal.inputs.js';
import { PrincipalConnection, PrincipalType, principalsAreKnown, toPrincipal } from './principal.type.js';

@Resolver(() => PrincipalType)
export class PrincipalResolver implements OnModuleInit {
  constructor(
    private readonly access: Access,
    private readonly principals: Principals,
    private readonly groups: Groups,
    private readonly registry: NodeRegistry,
  ) {}

  onModuleInit(): void {
    this.registry.register('Principal', { open: principalsAreKnown }, async (id) =>
      toPrincipal(await this.principals.get(id)),
    );
  }

  @Open('who the caller is himself')
  @Query(() => PrincipalType, { description: 'Who you are' })
  async viewer(): Promise<PrincipalType> {
    return toPrincipal(await this.principals.get(this.access.caller().id));
  }

  @Open(principalsAreKnown)
  @Query(() => PrincipalType, { nullable: true })
  async principal(@Args('name') name: string): Promise<PrincipalType> {
    return toPrincipal(await this.principals.byName(name));
  }

  @Open(principalsAreKnown)
  @Query(() => PrincipalConnection, {
    name: 'principals',
    description: 'Users, service principals and groups, by name',
  })
  async list(@Args() { filter, ...page }: PrincipalsArgs): Promise<Connection<PrincipalType>> {
    const found = await this.principals.list(filter ?? {}, page);
    return toConnection(found, toPrincipal, () => this.principals.count(filter ?? {}));
  }

  @Requires('MANAGE')
  @Mutation(() => PrincipalPayload, { description: 'Needs MANAGE on the metastore' })
  async userCreate(@Args('input') input: PrincipalCreateInput): Promise<PrincipalPayload> {
    return { principal: toPrincipal(await this.principals.createUser(input)) };
  }

  @Requires('MANAGE')
  @Mutation(() => PrincipalPayload, { description: 'Needs MANAGE on the metastore' })
  async servicePrincipalCreate(@Args('input') input: PrincipalCreateInput): Promise<PrincipalPayload> {
    return { principal: toPrincipal(await this.principals.createServicePrincipal(input)) };
  }

  @Requires('MANAGE')
  @Mutation(() => PrincipalPayload, { description: 'Needs MANAGE on the metastore' })
  async groupCreate(@Args('input') input: PrincipalCreateInput): Promise<PrincipalPayload> {
    return { principal: toPrincipal(await this.principals.createGroup(input)) };
  }

  @Requires('MANAGE')
  @Mutation(() => PrincipalPayload, { description: 'Needs MANAGE on the metastore' })
  async principalUpdate(@Args('input') input: PrincipalUpdateInput): Promise<PrincipalPayload> {
    const displayName = input.displayName ?? null;
    return { principal: toPrincipal(await this.principals.update(await this.idOf(input.name), { displayName })) };
  }

  @Requires('MANAGE')
  @Mutation(() => PrincipalPayload, {
    description: 'Its tokens are refused from the next request on. Needs MANAGE on the metastore',
  })
  async principalDisable(@Args('input') { name }: PrincipalRefInput): Promise<PrincipalPayload> {
    return { principal: toPrincipal(await this.principals.disable(await this.idOf(name))) };
  }

  @Requires('MANAGE')
  @Mutation(() => PrincipalPayload, { description: 'Needs MANAGE on the metastore' })
  async principalEnable(@Args('input') { name }: PrincipalRefInput): Promise<PrincipalPayload> {
    return { principal: toPrincipal(await this.principals.enable(await this.idOf(name))) };
  }

  @Requires('MANAGE')
  @Mutation(() => PrincipalDeletePayload, {
    description:
      'Refused for built-in principals and while it owns something; its grants go with it. Needs MANAGE on the metastore',
  })
  async principalDelete(@Args('input') { name }: PrincipalRefInput): Promise<PrincipalDeletePayload> {
    await this.principals.delete(await this.idOf(name));
    return { deletedName: name };
  }

  @Requires('MANAGE')
  @Mutation(() => GroupMemberPayload, { description: 'Groups nest; a cycle is refused. Needs MANAGE on the metastore' })
  async groupMemberAdd(@Args('input') input: GroupMemberInput): Promise<GroupMemberPayload> {
    const { group, member } = await this.groups.addMember(await this.idOf(input.group), await this.idOf(input.member));
    return { group: toPrincipal(group), member: toPrincipal(member) };
  }

  @Requires('MANAGE')
  @Mutation(() => GroupMemberPayload, { description: 'Needs MANAGE on the metastore' })
  async groupMemberRemove(@Args('input') input: GroupMemberInput): Promise<GroupMemberPayload> {
    const { group, member } = await this.groups.removeMember(
      await this.idOf(input.group),
      await this.idOf(input.member),
    );
    return { group: toPrincipal(group), member: toPrincipal(member) };
  }

  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalConnection, { description: 'Of a group: its direct members' })
  async members(@Parent() { source }: PrincipalType, @Args() page: ConnectionArgs): Promise<Connection<PrincipalType>> {
    const found = await this.groups.members(source.id, page);
    return toConnection(found, toPrincipal, () => this.groups.countMembers(source.id));
  }

  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalConnection, { description: 'The groups that it is a direct member of' })
  async memberOf(
    @Parent() { source }: PrincipalType,
    @Args() page: ConnectionArgs,
  ): Promise<Connection<PrincipalType>> {
    const found = await this.groups.groupsOf(source.id, page);
    return toConnection(found, toPrincipal, () => this.groups.countGroupsOf(source.id));
  }

  private async idOf(name: string): Promise<string> {
    return (await this.principals.byName(name)).id;
  }
}
