import type { Question } from '@app/access';
import { applyDecorators } from '@nestjs/common';
import { Extensions } from '@nestjs/graphql';
import { RouteConfig } from '@nestjs/platform-fastify';

/**
 * What an operation says of the rights that it asks: a route of REST, a field of Query or Mutation, or a field of a type
 * that has a resolver of its own. What says nothing is refused (contract.ts).
 */
export type Declaration =
  /** One of them is asked by the operation itself. */
  | { questions: readonly Question[] }
  /** Nothing more is asked: one of them was, for the object that the field hangs on. */
  | { inherited: readonly Question[] }
  /** Any authenticated caller may; why is for whoever reviews it. */
  | { open: string };

/** Where the declaration stands: in the config of a Fastify route, and in the extensions of a GraphQL field. */
export const declarationKey = 'privileges';

const declare = (declaration: Declaration): MethodDecorator =>
  applyDecorators(RouteConfig({ [declarationKey]: declaration }), Extensions({ [declarationKey]: declaration }));

/**
 * The operation asks Access one of these questions, for the caller and what he named, before it answers. Name them all,
 * DISCOVER included; an answer without one of them is refused.
 */
export const Requires = (...questions: [Question, ...Question[]]) => declare({ questions });

/**
 * A field of an object that is shown already, and that needs no more than the object itself did: one of these was asked
 * when it was loaded.
 */
export const Inherits = (...inherited: [Question, ...Question[]]) => declare({ inherited });

/** Every authenticated caller may: what it shows is his own, or known to all. Say which, and why. */
export const Open = (why: string) => declare({ open: why });
