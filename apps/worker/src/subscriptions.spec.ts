import { oneForEach, type Subscription } from './subscriptions.js';

const to = (event: string): Subscription => ({ event, queue: 'messages', handle: async () => undefined });

describe('oneForEach', () => {
  it('finds each subscription by its event', () => {
    const [a, b] = [to('a'), to('b')];
    expect([...oneForEach(['a', 'b'], [b, a]).entries()]).toEqual([
      ['b', b],
      ['a', a],
    ]);
  });

  it('names everything that is wrong', () => {
    expect(() => oneForEach(['a', 'b'], [to('b'), to('b'), to('c')])).toThrow(
      'the subscriptions are wrong: a has no handler; b has two handlers; c is no event',
    );
  });
});
