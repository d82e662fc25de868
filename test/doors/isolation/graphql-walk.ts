import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isLeafType,
  isObjectType,
} from 'graphql';
import { model, type Subject, subjects, valuesOf, variantsOf } from './graphql-arguments.js';
import type { MadeIds } from './names.js';

/** One document with its variables. */
export interface Asked {
  /** Query.models, or the type whose fields are all asked for. */
  label: string;
  query: string;
  variables: Record<string, unknown>;
}

type Field = GraphQLField<unknown, unknown>;

/** The fields of an object that can be asked for on the way, without what lies deeper than `depth`. */
class Document {
  readonly variables: Record<string, unknown> = {};
  private readonly declared: string[] = [];

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly made: MadeIds,
    private readonly subject: Subject,
  ) {}

  call(field: Field, operation: string, optional: Parameters<typeof valuesOf>[1]['optional'] = 'NONE'): string {
    const values = valuesOf(field.args, { operation, subject: this.subject, made: this.made, optional });
    const given = Object.entries(values).map(([name, value]) => {
      const variable = `v${this.declared.length}`;
      this.declared.push(`$${variable}: ${field.args.find((arg) => arg.name === name)?.type}`);
      this.variables[variable] = value;
      return `${name}: $${variable}`;
    });
    return given.length > 0 ? `${field.name}(${given.join(', ')})` : field.name;
  }

  /** Everything of a type down to `depth`. Of an interface each field once, since types may differ in what they call alike. */
  select(type: GraphQLNamedType, depth: number): string {
    if (!isCompositeType(type)) return '';
    if (isObjectType(type)) return `{ __typename ${this.fieldsOf(type, depth)} }`;
    const own = isInterfaceType(type) ? Object.values(type.getFields()).filter(isLeaf) : [];
    const known = new Set(own.map(({ name }) => name));
    const fragments = this.schema.getPossibleTypes(type).map((possible) => {
      const fields = this.fieldsOf(possible, 0, known);
      for (const name of Object.keys(possible.getFields())) known.add(name);
      return `... on ${possible.name} { ${fields} }`;
    });
    return `{ __typename ${own.map((field) => this.call(field, field.name)).join(' ')} ${fragments.join(' ')} }`;
  }

  fieldsOf(type: GraphQLObjectType, depth: number, without = new Set<string>()): string {
    const selected = Object.values(type.getFields())
      .filter(({ name }) => !without.has(name))
      .map((field) => {
        const named = getNamedType(field.type);
        if (isLeafType(named)) return this.call(field, field.name);
        return depth > 0 ? `${this.call(field, field.name)} ${this.select(named, depth - 1)}` : '';
      });
    return `__typename ${selected.join(' ')}`;
  }

  asked(label: string, kind: 'query' | 'mutation', body: string): Asked {
    const variables = this.declared.length > 0 ? `(${this.declared.join(', ')})` : '';
    return { label, query: `${kind} ${variables} { ${body} }`, variables: this.variables };
  }
}

/** Every field of Query or Mutation about every subject, in every variant of its arguments. */
export function rootDocuments(schema: GraphQLSchema, kind: 'query' | 'mutation', made: MadeIds): Asked[] {
  const root = (kind === 'query' ? schema.getQueryType() : schema.getMutationType()) as GraphQLObjectType;
  const asked = Object.values(root.getFields()).flatMap((field) =>
    variantsOf(kind === 'query' ? field.args : []).flatMap((optional) =>
      subjects.map((subject) => {
        const document = new Document(schema, made, subject);
        const call = document.call(field, field.name, optional);
        return document.asked(
          `${root.name}.${field.name}`,
          kind,
          `${call} ${document.select(getNamedType(field.type), 2)}`,
        );
      }),
    ),
  );
  return [...new Map(asked.map((each) => [each.query + JSON.stringify(each.variables), each])).values()];
}

const isLeaf = ({ type }: Field): boolean => isLeafType(getNamedType(type));

interface Step {
  field: Field;
  /** The concrete type that the step is taken on, where the one before may be several. */
  on: GraphQLObjectType;
}

/** From every field of Query, the shortest way to every type that can be reached, and there every field. */
export function nestedDocuments(schema: GraphQLSchema, made: MadeIds): Asked[] {
  const query = schema.getQueryType() as GraphQLObjectType;
  return Object.values(query.getFields()).flatMap((root) =>
    [...waysFrom(schema, { field: root, on: query })].map(([type, steps]) => {
      const document = new Document(schema, made, model);
      const calls = steps.map(({ field }) => document.call(field, field.name));
      const inner = document.fieldsOf(type, 1);
      const body = steps.reduceRight(
        (rest, { on }, index) => `... on ${on.name} { ${calls[index]} { ${rest} } }`,
        `... on ${type.name} { ${inner} }`,
      );
      return document.asked(type.name, 'query', body);
    }),
  );
}

/** Longer ways come from roots that give the same by a shorter one; a document may have twelve levels. */
const longestWay = 6;

function waysFrom(schema: GraphQLSchema, root: Step): Map<GraphQLObjectType, Step[]> {
  const ways = new Map<GraphQLObjectType, Step[]>();
  let front: Step[][] = [[root]];
  while (front.length > 0 && (front[0] as Step[]).length <= longestWay) {
    const next: Step[][] = [];
    for (const way of front) {
      const reached = getNamedType((way.at(-1) as Step).field.type);
      const types = isAbstractType(reached) ? schema.getPossibleTypes(reached) : isObjectType(reached) ? [reached] : [];
      for (const type of types.filter((each) => !ways.has(each))) {
        ways.set(type, way);
        for (const field of Object.values(type.getFields())) {
          if (isCompositeType(getNamedType(field.type))) next.push([...way, { field, on: type }]);
        }
      }
    }
    front = next;
  }
  return ways;
}
