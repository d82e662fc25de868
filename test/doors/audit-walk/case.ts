import type { TestPrincipal } from '../../support/factories.js';
import type { WalkWorld } from './world.js';

/** Those who may not, and are asked first. */
export type Refused = 'stranger' | 'reader';

/** One call that is allowed, on a state that was made for it, and what the audit trail must hold of it. */
export interface Case<Input = object> {
  /** The input of a mutation, or what is sent to a route. */
  input: Input;
  /** The owner when left out. */
  by?: TestPrincipal;
  /**
   * Exactly these, in their order, each as `<action> <name of the object> (<those of before, after and reason that it has>)`.
   * None: a sentence why the call is no change that the audit trail holds.
   */
  events: string[] | { none: string };
  onBehalfOf?: string;
  /** The service itself is the actor, because the call is made by somebody whom it has no principal for. */
  actor?: string;
  /** The same call once more finds everything done, and writes nothing. */
  onceMore?: 'NOTHING';
  /** Why somebody is not refused: the rule of the house. All others are, with one event. */
  notRefused?: Partial<Record<Refused, string>>;
}

/** By the name of the mutation, or by method and path of the route. Each makes the state that its call needs. */
export type Rows<Input = object> = Record<string, (w: WalkWorld) => Promise<Case<Input>> | Case<Input>>;

/** What is sent to a route. */
export interface RouteInput {
  /** For `:name` in the path, and for `*`. */
  path?: Record<string, string>;
  query?: Record<string, string>;
  body?: object | string;
  /** Instead of the caller's token. */
  headers?: Record<string, string>;
}
