import { InvalidArgument, nodeId } from '@app/platform';
import { Field, ID, InterfaceType } from '@nestjs/graphql';
import { z } from 'zod';

/** The object types that node(id:) can answer with. */
export const nodeTypes = [
  'Principal',
  'AccessToken',
  'Catalog',
  'Schema',
  'RegisteredModel',
  'ModelVersion',
  'Experiment',
  'Run',
  'Metastore',
  'Grant',
  'Policy',
  'PolicyRevision',
  'PromotionRequest',
  'GateRun',
  'GateWaiver',
  'DiscussionThread',
  'DiscussionComment',
  'Decision',
  'AuditEvent',
  'StageTransition',
  'Validator',
  'Webhook',
  'WebhookDelivery',
  'Dataset',
  'Job',
  'ModelEndpoint',
] as const;
export type NodeType = (typeof nodeTypes)[number];

@InterfaceType('Node', { description: 'Anything with an id of its own (Relay, Global Object Identification)' })
export abstract class NodeInterface {
  @Field(() => ID, { description: 'Opaque; carries its type' })
  id: string;
}

const uuid = z.uuid();

/** The opaque id of an object: its type and its key. */
export const globalId = (type: NodeType, key: string): string => nodeId(type, key);

/**
 * The type and key of an opaque id.
 * @throws InvalidArgument when it is none of ours
 */
export function parseGlobalId(id: string, field = 'id'): { type: NodeType; key: string } {
  const [type, key, ...rest] = Buffer.from(id, 'base64url').toString('utf8').split(':');
  if (!nodeTypes.includes(type as NodeType) || !uuid.safeParse(key).success || rest.length > 0) {
    throw new InvalidArgument(`${field}: "${id}" is not an id of this API: take it from a field "id"`, [field]);
  }
  return { type: type as NodeType, key: key as string };
}

/**
 * The key of an opaque id of one type.
 * @throws InvalidArgument when it is an id of another type, or none
 */
export function keyOf(type: NodeType, id: string, field = 'id'): string {
  const parsed = parseGlobalId(id, field);
  if (parsed.type !== type)
    throw new InvalidArgument(`${field}: "${id}" is the id of a ${parsed.type}, not of a ${type}`, [field]);
  return parsed.key;
}
