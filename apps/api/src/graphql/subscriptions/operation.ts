import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  OperationTypeNode,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { affordableCost, armor, limits } from '../server/limits.js';

/** An operation as a client sends it. */
export interface OperationParams {
  query: string;
  operationName?: string | null;
  variables?: Record<string, unknown> | null;
}

type Checked =
  | { document: DocumentNode; errors?: undefined }
  | { errors: readonly GraphQLError[]; document?: undefined };

const { validationRules } = armor();

/** A subscription under the limits that every document has; or all that is wrong with it. */
export function toSubscription(schema: GraphQLSchema, { query, operationName, variables }: OperationParams): Checked {
  try {
    const document = parse(query, { maxTokens: limits.tokens });
    const errors = validate(schema, document, [...specifiedRules, ...validationRules]);
    if (errors.length > 0) return { errors };
    const operation = getOperationAST(document, operationName);
    if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) {
      const message = operation
        ? `a ${operation.operation} is sent to /graphql by POST: this connection carries subscriptions`
        : `operationName: "${operationName ?? ''}" names no operation of the document, which must have one to run`;
      return { errors: [new GraphQLError(message)] };
    }
    affordableCost({ schema, query: document, operationName: operationName ?? undefined, variables: variables ?? {} });
    return { document };
  } catch (error) {
    if (error instanceof GraphQLError) return { errors: [error] };
    throw error;
  }
}
