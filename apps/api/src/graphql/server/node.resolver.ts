import { InvalidArgument } from '@app/platform';
import { Args, ID, Query, Resolver } from '@nestjs/graphql';
import { Open } from '../../http/requires.js';
import { NodeInterface, parseGlobalId } from '../schema/node.js';
import { NodeRegistry } from './node-registry.js';

const mostNodes = 100;

@Resolver()
export class NodeResolver {
  constructor(private readonly registry: NodeRegistry) {}

  @Open('what is loaded declares for each type of its own: NodeRegistry')
  @Query(() => NodeInterface, {
    nullable: true,
    description: 'The object of an id; null when it is absent or you may not see it',
  })
  node(@Args('id', { type: () => ID }) id: string): Promise<object | null> {
    const { type, key } = parseGlobalId(id);
    return this.registry.load(type, key);
  }

  @Open('what is loaded declares for each type of its own: NodeRegistry')
  @Query(() => [NodeInterface], {
    nullable: 'items',
    description: `The objects of up to ${mostNodes} ids, in their order`,
  })
  nodes(@Args('ids', { type: () => [ID] }) ids: string[]): Promise<(object | null)[]> {
    if (ids.length > mostNodes) throw new InvalidArgument(`ids: ${ids.length} ids are more than ${mostNodes}`, ['ids']);
    const parsed = ids.map((id) => parseGlobalId(id, 'ids'));
    return Promise.all(parsed.map(({ type, key }) => this.registry.load(type, key)));
  }
}
