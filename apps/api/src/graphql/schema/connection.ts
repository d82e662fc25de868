import type { Page } from '@app/platform';
import { Type } from '@nestjs/common';
import { ArgsType, Field, Int, ObjectType, registerEnumType } from '@nestjs/graphql';

@ObjectType({ description: 'Where a page stands in its list (Relay cursor connections)' })
export class PageInfo {
  @Field()
  hasNextPage: boolean;
  @Field()
  hasPreviousPage: boolean;
  @Field(() => String, { nullable: true })
  startCursor: string | null;
  @Field(() => String, { nullable: true })
  endCursor: string | null;
}

/** The paging arguments of every list: exactly one of first and last, 1 to 100. */
@ArgsType()
export class ConnectionArgs {
  @Field(() => Int, { nullable: true, description: 'Take this many from the start, 1 to 100' })
  first?: number | null;
  @Field(() => String, { nullable: true, description: 'Start behind this cursor; goes with first' })
  after?: string | null;
  @Field(() => Int, { nullable: true, description: 'Take this many from the end, 1 to 100' })
  last?: number | null;
  @Field(() => String, { nullable: true, description: 'End before this cursor; goes with last' })
  before?: string | null;
}

export enum OrderDirection {
  ASC = 'ASC',
  DESC = 'DESC',
}
registerEnumType(OrderDirection, { name: 'OrderDirection' });

export interface Connection<Node> {
  edges: { node: Node; cursor: string }[];
  nodes: Node[];
  pageInfo: PageInfo;
  /** A getter: counted only when the query asks, for it costs a statement of its own. */
  readonly totalCount: Promise<number>;
}

/** The connection and edge types of a node type, without a count: for lists that nobody counts. */
export function uncountedConnectionType<Node>(
  name: string,
  node: () => Type<Node>,
): Type<Omit<Connection<Node>, 'totalCount'>> {
  @ObjectType(`${name}Edge`)
  class EdgeType {
    @Field(node)
    node: Node;
    @Field()
    cursor: string;
  }

  @ObjectType(`${name}Connection`)
  class ConnectionType {
    @Field(() => [EdgeType])
    edges: EdgeType[];
    @Field(() => [node()])
    nodes: Node[];
    @Field(() => PageInfo)
    pageInfo: PageInfo;
  }
  return ConnectionType;
}

/** The connection and edge types of a node type: `ModelConnection`, `ModelEdge`. */
export function connectionType<Node>(name: string, node: () => Type<Node>): Type<Connection<Node>> {
  @ObjectType(`${name}Connection`)
  class CountedConnectionType extends uncountedConnectionType(name, node) {
    @Field(() => Int, { description: 'All elements of the list that you may see; a statement of its own' })
    readonly totalCount: Promise<number>;
  }
  return CountedConnectionType as Type<Connection<Node>>;
}

/** A page of a reader as a connection. */
export function toConnection<From, To>(
  page: Page<From>,
  toNode: (node: From) => To,
  count: () => Promise<number>,
): Connection<To> {
  const edges = page.edges.map(({ node, cursor }) => ({ node: toNode(node), cursor }));
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: {
      hasNextPage: page.hasNextPage,
      hasPreviousPage: page.hasPreviousPage,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    get totalCount() {
      return count();
    },
  };
}
