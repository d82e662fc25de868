import type { Question } from '@app/access';
import { currentContext, type RequestContext, runInContext } from '@app/platform';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isRead, requireMayWrite } from './read-only.js';
import { isPublic } from './request-context.js';
import { type Declaration, declarationKey } from './requires.js';
import { surfaceOf } from './surface.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set once the request has come to a route: what its answer is held to. */
    declaration?: Declaration;
  }
  interface FastifyInstance {
    /** Every route of the server, with what it declares. */
    operations: Operation[];
  }
}

interface Operation {
  method: string;
  url: string;
  declaration: Declaration | undefined;
}

/**
 * An operation that declares no privileges, or that was about to answer without having asked for one of those that it
 * declares. A mistake of ours, not of the caller's: it is answered as an internal error, and nothing else is.
 */
export class BrokenContract extends Error {
  override name = 'BrokenContract';
}

/** @throws BrokenContract when nothing is declared */
export function requireDeclared(declaration: Declaration | undefined, operation: string): Declaration {
  if (declaration) return declaration;
  throw new BrokenContract(`${operation} declares no privileges: put @Requires, @Inherits or @Open on it`);
}

function requireAsked(questions: readonly Question[], asked: ReadonlySet<string>, operation: string): void {
  if (questions.some((question) => asked.has(question))) return;
  throw new BrokenContract(`${operation} would answer, and has asked for none of ${questions.join(', ')}`);
}

/** What holds nothing needs no right: the object is absent, or was left out. */
const isNothing = (answer: unknown): boolean => answer == null || (Array.isArray(answer) && answer.length === 0);

/**
 * Carries out a part of a request, and holds it to what it declares: its answer leaves only when one of the declared
 * privileges was asked by the part itself, or for what it hangs on when it inherits.
 * @throws BrokenContract
 */
export async function underContract<T>(
  declaration: Declaration,
  operation: string,
  work: () => T | Promise<T>,
): Promise<T> {
  const whole = currentContext() as RequestContext;
  if ('open' in declaration) return work();
  if ('inherited' in declaration) {
    requireAsked(declaration.inherited, whole.asked ?? new Set(), operation);
    return work();
  }
  const asked = new Set<string>();
  const answer = await runInContext({ ...whole, asked }, work);
  if (!isNothing(answer)) requireAsked(declaration.questions, asked, operation);
  for (const question of asked) whole.asked?.add(question);
  return answer;
}

const declarationIn = (config: object | undefined): Declaration | undefined =>
  (config as { [declarationKey]?: Declaration } | undefined)?.[declarationKey];

const operationOf = (request: FastifyRequest): string => `${request.method} ${request.routeOptions.url}`;

/**
 * Holds every route to its declaration, whoever registered it. The last look is where the answer leaves, so that a handler
 * which sends it by itself is held too. GraphQL's fields are operations of their own (graphql/server/field.ts).
 */
export function registerContract(fastify: FastifyInstance): void {
  const operations: Operation[] = [];
  fastify.decorate('operations', operations);
  fastify.decorateRequest('declaration', undefined);

  fastify.addHook('onRoute', ({ method, url, config }) => {
    const declaration = declarationIn(config);
    operations.push(...[method].flat().map((each) => ({ method: each, url, declaration })));
  });

  fastify.addHook('preHandler', async (request) => {
    if (isPublic(request) || request.is404) return;
    if (request.context) request.context.asked = new Set();
    if (surfaceOf(request) === 'graphql') return;
    request.declaration = requireDeclared(declarationIn(request.routeOptions.config), operationOf(request));
    if (!isRead(request.method, request.declaration)) requireMayWrite(operationOf(request));
  });

  fastify.addHook('onSend', async (request, reply, payload) => {
    const { declaration } = request;
    if (declaration && 'questions' in declaration && reply.statusCode < 400) {
      requireAsked(declaration.questions, request.context?.asked ?? new Set(), operationOf(request));
    }
    return payload;
  });
}
