import {
  type Privilege as PrivilegeName,
  privileges,
  type Securable,
  type SecurableKind,
  securableKinds,
} from '@app/access';
import { Field, ID, Int, InterfaceType, ObjectType, registerEnumType } from '@nestjs/graphql';
import { enumOf } from './enum.js';
import { globalId, type NodeType } from './node.js';

export const Privilege = enumOf<PrivilegeName>(privileges);
registerEnumType(Privilege, { name: 'Privilege', description: 'What can be granted (docs/domain.md, section 3)' });

export const SecurableKindEnum = enumOf<SecurableKind>(securableKinds);
registerEnumType(SecurableKindEnum, { name: 'SecurableKind', description: 'What can be owned and granted on' });

@ObjectType({ description: 'A key with a value' })
export class Tag {
  @Field()
  key: string;
  @Field()
  value: string;
}

const typeNames = {
  METASTORE: 'Metastore',
  CATALOG: 'Catalog',
  SCHEMA: 'Schema',
  REGISTERED_MODEL: 'RegisteredModel',
  EXPERIMENT: 'Experiment',
} as const satisfies Record<SecurableKind, NodeType>;

/** The GraphQL type of a kind of securable. */
export const typeNameOf = (kind: SecurableKind): (typeof typeNames)[SecurableKind] => typeNames[kind];

@InterfaceType('Securable', {
  description: 'Anything with a full name that can be owned and granted on',
  resolveType: ({ source }: SecurableType) => typeNameOf(source.kind),
})
export abstract class SecurableType {
  /** What the database knows of it; for field resolvers, not part of the API. */
  source: Securable;

  @Field(() => ID)
  id: string;
  @Field({ description: 'catalog, catalog.schema or catalog.schema.model; of an experiment, its name' })
  fullName: string;
  @Field({ description: 'The last part of the full name' })
  name: string;
  @Field(() => String, { nullable: true })
  description: string | null;
  @Field()
  createdAt: Date;
  @Field()
  updatedAt: Date;
  @Field(() => Int, {
    description: 'Another number after every change of the grants on it: grantsUpdate can expect it',
  })
  grantsRevision: number;
}

/** A securable as its GraphQL object. */
export function toSecurable<T extends SecurableType>(source: Securable): T {
  const { fullName, name, description, createdAt, updatedAt, grantsRevision } = source;
  const object = {
    source,
    id: globalId(typeNameOf(source.kind), source.id),
    fullName,
    name,
    description,
    createdAt,
    updatedAt,
    grantsRevision,
  };
  return object as unknown as T;
}
