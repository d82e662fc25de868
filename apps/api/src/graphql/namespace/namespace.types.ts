import { ObjectType } from '@nestjs/graphql';
import { connectionType } from '../schema/connection.js';
import { NodeInterface } from '../schema/node.js';
import { SecurableType } from '../schema/securable.js';

@ObjectType('Metastore', { implements: [NodeInterface, SecurableType], description: 'The root of this installation' })
export class MetastoreType extends SecurableType {}

@ObjectType('Catalog', { implements: [NodeInterface, SecurableType], description: 'The first part of a full name' })
export class CatalogType extends SecurableType {}

@ObjectType('Schema', { implements: [NodeInterface, SecurableType], description: 'The second part of a full name' })
export class SchemaType extends SecurableType {}

export const CatalogConnection = connectionType('Catalog', () => CatalogType);
export const SchemaConnection = connectionType('Schema', () => SchemaType);
