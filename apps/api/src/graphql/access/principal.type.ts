import { type Principal, type PrincipalKind, principalKinds } from '@app/access';
import { Field, ID, ObjectType, registerEnumType } from '@nestjs/graphql';
import { connectionType } from '../schema/connection.js';
import { enumOf } from '../schema/enum.js';
import { globalId, NodeInterface } from '../schema/node.js';

export const PrincipalKindEnum = enumOf<PrincipalKind>(principalKinds);
registerEnumType(PrincipalKindEnum, { name: 'PrincipalKind' });

@ObjectType('Principal', { implements: NodeInterface, description: 'A user, a service principal or a group' })
export class PrincipalType implements NodeInterface {
  source: Principal;

  @Field(() => ID)
  id: string;
  @Field({ description: 'Unique over users, service principals and groups, ignoring case' })
  name: string;
  @Field(() => PrincipalKindEnum)
  kind: PrincipalKind;
  @Field(() => String, { nullable: true })
  displayName: string | null;
  @Field({ description: 'Made by the installation; cannot be deleted' })
  builtIn: boolean;
  @Field(() => Date, { nullable: true, description: 'Since when its tokens are refused' })
  disabledAt: Date | null;
  @Field()
  createdAt: Date;
}

export const PrincipalConnection = connectionType('Principal', () => PrincipalType);

export function toPrincipal(source: Principal): PrincipalType {
  const { name, kind, displayName, builtIn, disabledAt, createdAt } = source;
  return { source, id: globalId('Principal', source.id), name, kind, displayName, builtIn, disabledAt, createdAt };
}

/** Why fields that show principals ask no privilege. */
export const principalsAreKnown =
  'every caller may know the users, service principals and groups: reviewers must be able to name people';
