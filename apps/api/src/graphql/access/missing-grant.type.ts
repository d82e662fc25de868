import type { MissingGrant as Missing, Privilege as PrivilegeName, SecurableKind } from '@app/access';
import { Field, ObjectType } from '@nestjs/graphql';
import { Privilege, SecurableKindEnum } from '../schema/securable.js';

@ObjectType({ description: 'A grant that is not there, at the narrowest place where it can be made' })
export class MissingGrant implements Missing {
  @Field(() => Privilege)
  privilege: PrivilegeName;
  @Field(() => SecurableKindEnum)
  kind: SecurableKind;
  @Field()
  fullName: string;
}
