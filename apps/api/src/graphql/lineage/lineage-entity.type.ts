import { Field, ID, InterfaceType } from '@nestjs/graphql';

@InterfaceType('LineageEntity', { description: 'Anything that a walk through the lineage graph can begin at' })
export abstract class LineageEntityType {
  @Field(() => ID)
  id: string;
  @Field({ description: 'What a graph calls it' })
  displayName: string;
}
