import { PermissionDenied } from '@app/access';
import type { RefusalLog } from '@app/audit';
import { DomainError, NotFound, SeveralFailures } from '@app/platform';
import { type GraphQLFieldResolver, GraphQLNonNull, type GraphQLResolveInfo } from 'graphql';
import { requireDeclared, underContract } from '../../http/contract.js';
import { requireMayWrite } from '../../http/read-only.js';
import { type Declaration, declarationKey } from '../../http/requires.js';
import { toUserError } from '../schema/user-error.js';
import type { GraphqlContext } from './loaders.factory.js';

type Resolve = GraphQLFieldResolver<unknown, GraphqlContext>;
export type Resolvers = Record<string, unknown>;

/**
 * What every field with a resolver of its own has in common, in one place: it is held to the privileges that it declares,
 * and its outcome is turned into the API's conventions (docs/graphql.md). A mutation answers an expected failure in its
 * payload's `errors`; a nullable field answers the absent and the hidden with null. Refusals for lack of privilege are noted.
 */
export class Fields {
  constructor(private readonly refusals: RefusalLog) {}

  /** The resolvers by type and field, as the schema takes them. Scalars, and how a type is told (`__resolveType`), stay. */
  wrap(types: Resolvers | Resolvers[]): Resolvers | Resolvers[] {
    if (Array.isArray(types)) return types.map((some) => this.wrap(some) as Resolvers);
    return mapValues(types, (type) => (isPlainObject(type) ? mapValues(type, this.wrapField) : type));
  }

  private readonly wrapField = (resolve: unknown, name: string): unknown => {
    if (name.startsWith('__')) return resolve;
    if (typeof resolve === 'function') return this.resolver(resolve as Resolve);
    // Of a subscription: held when it begins, and for each of its events.
    if (isPlainObject(resolve)) return mapValues(resolve, this.wrapField);
    throw new Error(`${name}: a field that is no function cannot be held to its declaration`);
  };

  private resolver(resolve: Resolve): Resolve {
    return async (source, args, context, info) => {
      const isMutation = info.parentType === info.schema.getMutationType();
      const envelope = (payload: object, errors: unknown[]) => ({
        ...payload,
        errors,
        clientMutationId: args.input?.clientMutationId ?? null,
      });
      try {
        if (isMutation) requireMayWrite(info.fieldName);
        const work = () => resolve(source, args, context, info);
        const answer = await underContract(declarationOf(info), operationOf(info), work);
        return isMutation ? envelope(answer as object, []) : answer;
      } catch (error) {
        for (const failure of failuresIn(error)) this.refusals.note(failure);
        const userErrors = isMutation ? userErrorsOf(error) : undefined;
        if (userErrors) return envelope({}, userErrors);
        if (isLeftOut(error, info)) return null;
        throw error;
      }
    };
  }
}

const isPlainObject = (value: unknown): value is Resolvers =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const mapValues = (object: Resolvers, map: (value: unknown, key: string) => unknown): Resolvers =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value, key)]));

const operationOf = ({ parentType, fieldName }: GraphQLResolveInfo): string => `${parentType.name}.${fieldName}`;

function declarationOf(info: GraphQLResolveInfo): Declaration {
  const extensions = info.parentType.getFields()[info.fieldName]?.extensions as { [declarationKey]?: Declaration };
  return requireDeclared(extensions[declarationKey], operationOf(info));
}

const failuresIn = (error: unknown): readonly unknown[] =>
  error instanceof SeveralFailures ? error.failures : [error];

/** undefined: one of them is none that a user is told in a payload, and all of it goes to the top. */
function userErrorsOf(error: unknown): object[] | undefined {
  const userErrors = failuresIn(error).map((failure) =>
    failure instanceof DomainError ? toUserError(failure) : undefined,
  );
  return userErrors.includes(undefined) ? undefined : (userErrors as object[]);
}

/** Whether null stands for the failure. A field of an object that is shown leaves out what its viewer lacks a privilege for. */
function isLeftOut(error: unknown, { returnType, parentType, schema }: GraphQLResolveInfo): boolean {
  if (returnType instanceof GraphQLNonNull) return false;
  const isRoot = parentType === schema.getQueryType() || parentType === schema.getMutationType();
  return error instanceof NotFound || (!isRoot && error instanceof PermissionDenied);
}
