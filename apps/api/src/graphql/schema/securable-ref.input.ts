import type { SecurableKind } from '@app/access';
import { Field, InputType } from '@nestjs/graphql';
import { SecurableKindEnum } from './securable.js';

@InputType({ description: 'A securable by its natural key' })
export class SecurableRefInput {
  @Field(() => SecurableKindEnum)
  kind: SecurableKind;
  @Field({
    description:
      'catalog, catalog.schema, catalog.schema.model, or the name of an experiment; of the metastore: metastore',
  })
  fullName: string;
}
