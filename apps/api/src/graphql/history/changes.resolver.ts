import { kindOfFullName } from '@app/access';
import { Changes } from '@app/history';
import { Args, Query, Resolver } from '@nestjs/graphql';
import { Requires } from '../../http/requires.js';
import { type Connection, toConnection } from '../schema/connection.js';
import { ChangesBetweenArgs, NetChangeConnection, type NetChangeType, toNetChange } from './changes.types.js';

@Resolver()
export class ChangesResolver {
  constructor(private readonly changes: Changes) {}

  @Requires('READ_AUDIT')
  @Query(() => NetChangeConnection, {
    nullable: true,
    description:
      'What is different in a model, or in a schema and all that is in it, between two instants. Needs READ_AUDIT on it',
  })
  async changesBetween(
    @Args() { fullName, from, to, ...page }: ChangesBetweenArgs,
  ): Promise<Connection<NetChangeType>> {
    const asked = { object: { kind: kindOfFullName(fullName), fullName }, from, to };
    return toConnection(await this.changes.between(asked, page), toNetChange, () => this.changes.count(asked));
  }
}
