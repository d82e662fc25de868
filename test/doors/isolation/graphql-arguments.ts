import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql';
import { type NodeType, nodeTypes } from '../../../apps/api/src/graphql/schema/node.js';
import { globalId, hiddenNames, type MadeIds, marker, people } from './names.js';

/** What an operation is asked about. */
export interface Subject {
  kind: 'CATALOG' | 'SCHEMA' | 'REGISTERED_MODEL' | 'EXPERIMENT';
  fullName: string;
  /** The type of an id that nothing else tells. */
  node: NodeType;
}

const kinds = [
  { kind: 'CATALOG', fullName: hiddenNames.catalog },
  { kind: 'SCHEMA', fullName: hiddenNames.schema },
  { kind: 'REGISTERED_MODEL', fullName: hiddenNames.model },
  { kind: 'EXPERIMENT', fullName: hiddenNames.experiment },
] as const;
/** Every type of node, and every kind of securable several times over. */
export const subjects: Subject[] = nodeTypes.map(
  (node, index) => ({ ...kinds[index % kinds.length], node }) as Subject,
);
export const model = subjects[nodeTypes.indexOf('RegisteredModel')] as Subject;

/** Texts by the name of their field. A text that is not here is the full name of the subject. */
const texts: Record<string, string | ((operation: string) => string)> = {
  ...Object.fromEntries(
    ['principal', 'owner', 'requester', 'actor', 'member', 'approvers'].map((name) => [name, people.owner]),
  ),
  group: people.group,
  catalog: hiddenNames.catalog,
  schema: hiddenNames.schema,
  model: hiddenNames.model,
  modelFullName: hiddenNames.model,
  newFullName: `${hiddenNames.schema}.new`,
  alias: hiddenNames.alias,
  aliases: hiddenNames.alias,
  key: hiddenNames.key,
  value: hiddenNames.value,
  source: `models:/${hiddenNames.model}/1`,
  email: 'somebody@example.com',
  nameContains: marker,
  namePrefix: marker,
  namespace: hiddenNames.experiment,
  name: (operation) => {
    if (/^catalogs?(Delete)?$/.test(operation)) return hiddenNames.catalog;
    if (operation === 'experiment') return hiddenNames.experiment;
    if (operation === 'job') return marker;
    if (/^principal/.test(operation)) return people.owner;
    if (/^validator/.test(operation)) return hiddenNames.value;
    // A name is taken or not: who may make a thing learns that (docs/adr/0009).
    return 'new';
  },
};

const largest: Record<string, number> = { first: 2, maxNodes: 2 };
/** Given always: what they are when they are left out costs too much, nested. */
const bounds = Object.keys(largest);

interface Given {
  /** The field of Query or Mutation, or of a type. */
  operation: string;
  subject: Subject;
  made: MadeIds;
  /** Which of the fields that may be left out are given: none of them, all, or the one of this name. */
  optional: 'NONE' | 'ALL' | (string & {});
}

/** Pages: `first` always, and never the other three. */
const paging = ['after', 'before', 'last'];

function scalar(type: string, name: string, { operation, subject, made }: Given): unknown {
  switch (type) {
    case 'Int':
    case 'Float':
      return largest[name] ?? (name === 'number' && /^promotionRequest/.test(operation) ? made.request : 1);
    case 'Boolean':
      return true;
    case 'DateTime':
      return /^(to|expiresAt)$/.test(name) ? '2100-01-01T00:00:00Z' : '2020-01-01T00:00:00Z';
    case 'JSON':
      return {};
    case 'ID': {
      const named = nodeTypes.find((node) => `${node}Id`.toLowerCase() === name.toLowerCase());
      const node = named ?? subject.node;
      return globalId(node, made.ids[node]);
    }
    case 'String': {
      if (name === 'runId') return made.runId;
      if (name === 'experimentId') return made.experimentId;
      const text = texts[name] ?? subject.fullName;
      return typeof text === 'string' ? text : text(operation);
    }
    default:
      throw new Error(`${operation}: no value of the scalar ${type} for ${name}: teach it to this walk`);
  }
}

function value(type: GraphQLInputType, name: string, given: Given): unknown {
  if (isNonNullType(type)) return value(type.ofType, name, given);
  if (isListType(type)) return [value(type.ofType, name, given)];
  if (isEnumType(type)) {
    return type.name === 'SecurableKind' ? given.subject.kind : type.getValues()[0]?.name;
  }
  if (isInputObjectType(type)) return valuesOf(Object.values(type.getFields()), given);
  return scalar(type.name, name, given);
}

const isRequired = ({ type, defaultValue }: GraphQLArgument | GraphQLInputField): boolean =>
  isNonNullType(type) && defaultValue === undefined;

/** Values for arguments, or for the fields of an input. */
export function valuesOf(
  fields: readonly (GraphQLArgument | GraphQLInputField)[],
  given: Given,
): Record<string, unknown> {
  const wanted = fields.filter(
    (field) =>
      !paging.includes(field.name) &&
      (isRequired(field) || bounds.includes(field.name) || [field.name, 'ALL'].includes(given.optional)),
  );
  return Object.fromEntries(wanted.map((field) => [field.name, value(field.type, field.name, given)]));
}

/** Every way to give arguments: the least, all, and the least with each one that may be left out. */
export const variantsOf = (args: readonly GraphQLArgument[]): Given['optional'][] => [
  'NONE',
  'ALL',
  ...args.filter((arg) => !isRequired(arg) && ![...paging, ...bounds].includes(arg.name)).map(({ name }) => name),
];
