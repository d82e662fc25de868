import type { ModelEndpoint } from '@app/lineage';
import { ArgsType, Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { ConnectionArgs, connectionType } from '../schema/connection.js';
import { MutationInput, MutationPayload } from '../schema/mutation.js';
import { globalId, NodeInterface } from '../schema/node.js';
import { LineageEntityType } from './lineage-entity.type.js';

@ObjectType('ModelEndpoint', {
  implements: [NodeInterface, LineageEntityType],
  description:
    'Where a version is served, as somebody has reported it, until it moves or is retired: a move to another version, URL or environment ends it, and begins another of the same name',
})
export class ModelEndpointType implements NodeInterface, LineageEntityType {
  source: ModelEndpoint;

  @Field(() => ID)
  id: string;
  @Field({ description: 'Its name' })
  displayName: string;
  @Field({ description: 'One of its name is live in a model, whatever the case' })
  name: string;
  @Field(() => String, { nullable: true, description: 'Everybody who may load the model sees it' })
  url: string | null;
  @Field(() => String, { nullable: true, description: 'In the words of who reported it: production, eu-west-1' })
  environment: string | null;
  @Field(() => Int, { description: 'The number of the version, also when that one is deleted' })
  number: number;
  @Field()
  reportedAt: Date;
  @Field(() => Date, { nullable: true, description: 'When it was moved or retired; null while it is live' })
  retiredAt: Date | null;
}

export const ModelEndpointConnection = connectionType('ModelEndpoint', () => ModelEndpointType);

export function toModelEndpoint(source: ModelEndpoint): ModelEndpointType {
  const { id, name, url, environment, number, reportedAt, retiredAt } = source;
  const shown = { name, url, environment, number, reportedAt, retiredAt };
  return { source, id: globalId('ModelEndpoint', id), displayName: name, ...shown };
}

@ArgsType()
export class ModelEndpointsArgs extends ConnectionArgs {
  @Field({ defaultValue: false, description: 'With those that were moved or retired' })
  includeRetired: boolean;
}

@InputType({ description: 'All that is known of the endpoint: what is left out, it does not have' })
export class ModelEndpointReportInput extends MutationInput {
  @Field({ description: 'catalog.schema.model' })
  model: string;
  @Field(() => Int, { description: 'The version that is served' })
  number: number;
  @Field({ description: '1 to 255 characters. A live endpoint of this name is moved' })
  name: string;
  @Field(() => String, {
    nullable: true,
    description: 'http or https, 2,000 characters at most; without user name, password, query and fragment',
  })
  url?: string | null;
  @Field(() => String, { nullable: true, description: '1 to 255 characters' })
  environment?: string | null;
  @Field(() => String, { nullable: true, description: 'Stands in the audit trail; 5,000 characters at most' })
  reason?: string | null;
}

@InputType()
export class ModelEndpointRetireInput extends MutationInput {
  @Field({ description: 'catalog.schema.model' })
  model: string;
  @Field()
  name: string;
  @Field(() => String, { nullable: true, description: 'Stands in the audit trail; 5,000 characters at most' })
  reason?: string | null;
}

@ObjectType()
export class ModelEndpointPayload extends MutationPayload {
  @Field(() => ModelEndpointType, { nullable: true, description: 'null without EXECUTE on the model' })
  modelEndpoint: ModelEndpointType | null;
}
