import { DomainError } from '@app/platform';
import fc from 'fast-check';
import { isOpen, type ModelRequest, type Person, people, type Reference } from './reference.js';
import type { World } from './world.js';

/** One act of somebody, in the service and in the reference. */
export interface Act {
  real: () => Promise<unknown>;
  /** @param made what the service answered with, when it did it */
  model: (made: { id: string; number: number }) => boolean;
}

/** What was done, and what was refused, over all runs. */
export const tally = { done: new Map<string, number>(), refused: new Map<string, number>() };

const nothing = { id: '', number: 0 };

class Step implements fc.AsyncCommand<Reference, World> {
  constructor(
    private readonly name: string,
    private readonly words: string,
    private readonly plan: (reference: Reference, world: World) => Act | undefined,
  ) {}

  check = () => true;

  async run(reference: Reference, world: World): Promise<void> {
    const act = this.plan(reference, world);
    if (!act) return;
    let made: unknown = nothing;
    let reason = 'done';
    try {
      made = (await act.real()) ?? nothing;
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      reason = error.reason;
    }
    const allowed = act.model(made as typeof nothing);
    expect(`${this}: ${allowed ? 'allowed' : 'refused'}`).toBe(`${this}: ${reason === 'done' ? 'allowed' : 'refused'}`);
    const counted = allowed ? tally.done : tally.refused;
    counted.set(this.name, (counted.get(this.name) ?? 0) + 1);
    await world.agreesWith(reference);
  }

  toString = () => `${this.name}(${this.words})`;
}

export type Choice = { who: Person; at: number; flag: number };

/** Mostly the newest requests: old ones are closed. */
const chosen = ({ requests }: Reference, at: number): ModelRequest | undefined => {
  const open = requests.filter(isOpen);
  const from = at % 8 === 0 || open.length === 0 ? requests : open;
  return from[at % Math.max(from.length, 1)];
};

/** Mostly somebody who may, so that requests get somewhere; and anybody. */
const drawn = (likely: readonly Person[]) =>
  fc.record({
    who: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...likely) },
      { weight: 1, arbitrary: fc.constantFrom(...people) },
    ),
    at: fc.nat(63),
    flag: fc.nat(63),
  });

export const step = (
  name: string,
  likely: readonly Person[],
  plan: (chosen: Choice, reference: Reference, world: World) => Act | undefined,
) =>
  drawn(likely).map(
    (choice) =>
      new Step(name, `${choice.who}, ${choice.at}, ${choice.flag}`, (reference, world) =>
        plan(choice, reference, world),
      ),
  );

/** An act on a request; nothing happens while there is none. */
export const onRequest = (
  name: string,
  likely: readonly Person[],
  plan: (given: Choice & { request: ModelRequest; world: World; reference: Reference }) => Act | undefined,
) =>
  step(name, likely, (choice, reference, world) => {
    const request = chosen(reference, choice.at);
    return request && plan({ ...choice, request, world, reference });
  });
