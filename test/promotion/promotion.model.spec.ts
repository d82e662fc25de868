import fc from 'fast-check';
import sql from 'sql-template-tag';
import { Reference } from './reference.js';
import { tally } from './step.js';
import { steps } from './steps.js';
import { World } from './world.js';

/** Random acts of random people, in the real services on a real database and in the reference: after each they agree. */
describe('promotion, act by act', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
  });
  afterAll(() => world.t.close());

  /** Two versions that pass the gate, and one that does not. */
  async function begin(held: boolean) {
    const reference = new Reference();
    await world.begin();
    for (const [who, good] of [
      ['scientist', true],
      ['lead', true],
      ['owner', false],
    ] as const) {
      await world.register(who, good);
      reference.register(who, good);
    }
    // Then there is a way back from the start.
    for (const version of held ? [1, 2] : []) {
      const { number } = await world.breakGlass('onCall', version);
      reference.breakGlass('onCall', version, number);
    }
    return { model: reference, real: world };
  }

  /** After the time no further sequence is begun. fast-check's own limit would leave the last one running, beside the next test. */
  const agree = (settings: fc.Parameters<unknown>, maxCommands: number, limitMs = Number.POSITIVE_INFINITY) => {
    const end = Date.now() + limitMs;
    return fc.assert(
      fc.asyncProperty(fc.boolean(), fc.commands(steps, { maxCommands, size: 'max' }), async (held, commands) => {
        if (Date.now() < end) await fc.asyncModelRun(() => begin(held), commands);
      }),
      settings as fc.Parameters<[boolean, Iterable<fc.AsyncCommand<Reference, World>>]>,
    );
  };

  it('does what the reference says, whoever does what', async () => {
    await agree({ numRuns: 40 }, 200, 10_000);
  }, 600_000);

  it('has met every act, allowed and refused, in sequences that are always the same', async () => {
    tally.done.clear();
    tally.refused.clear();
    await agree({ numRuns: 12, seed: 7, endOnFailure: true }, 200);
    const acts = ['request', 'rollback', 'decide', 'withdraw', 'cancel', 'resubmit', 'rerun', 'waiver', 'breakGlass'];
    for (const act of [...acts, 'closeReview', 'discussion']) {
      const [done = 0, refused = 0] = [tally.done.get(act), tally.refused.get(act)];
      expect([act, done > 0, refused > 0]).toEqual([act, true, true]);
    }
    const ends = await world.t.db.query<{ way: string }>(
      sql`SELECT DISTINCT kind || ' ' || state AS way FROM promotion_requests WHERE closed_at IS NOT NULL`,
    );
    const ways = ['PROMOTION APPLIED', 'ROLLBACK APPLIED', 'BREAK_GLASS APPLIED', 'PROMOTION REJECTED'];
    expect(ends.map(({ way }) => way)).toEqual(
      expect.arrayContaining([...ways, 'PROMOTION EXPIRED', 'PROMOTION SUPERSEDED', 'PROMOTION CANCELLED']),
    );
  }, 600_000);
});
