import {
  BreakGlassReviews,
  Decisions,
  Discussions,
  GateWaivers,
  PromotionProgress,
  PromotionRequests,
  type Verdict,
} from '@app/promotion';
import { Targets } from '@app/registry';
import type fc from 'fast-check';
import sql from 'sql-template-tag';
import { worker } from '../support/promotion.js';
import { isOpen, type Person, people, type Reference } from './reference.js';
import { onRequest, step } from './step.js';
import type { World } from './world.js';

const leads: Person[] = ['lead', 'second', 'third', 'onCall'];

/** Mostly a request that is where the act has an effect. */
const inState = ({ requests }: Reference, wanted: string, at: number) => {
  const found = requests.filter(({ state }) => state === wanted);
  return at % 4 === 0 ? undefined : found[at % Math.max(found.length, 1)];
};

/** The digest of the evidence of now, or another one. */
async function digest(world: World, number: number, right: boolean): Promise<string> {
  const row = await world.t.db.first<{ digest: string | null }>(
    sql`SELECT evidence_digest AS digest FROM promotion_requests WHERE number = ${number}`,
  );
  return (right && row?.digest) || 'sha256:other';
}

const verdicts: Verdict[] = [...Array<Verdict>(13).fill('APPROVE'), 'REQUEST_CHANGES', 'REQUEST_CHANGES', 'REJECT'];

const decide = onRequest('decide', leads, ({ who, at, flag, request: drawn, world, reference }) => {
  const request = inState(reference, 'AWAITING_APPROVAL', at) ?? drawn;
  const verdict = verdicts[flag % verdicts.length] as Verdict;
  const right = flag % 10 !== 9;
  const { number } = request;
  const decisions = world.t.module.get(Decisions);
  const real = async () => {
    const evidenceDigest = await digest(world, number, right);
    await world.as(who, () => decisions.decide({ number, verdict, comment: 'seen', evidenceDigest }));
  };
  return { real, model: () => reference.decide(who, request, verdict, right ? request.evidence : 'other') };
});

const gates = onRequest('gates', people, ({ request, world, reference }) => {
  if (request.state !== 'VALIDATING') return undefined;
  const real = async () => {
    const row = await world.t.db.first<{ id: string }>(
      sql`SELECT id FROM promotion_requests WHERE number = ${request.number}`,
    );
    await world.t.runGates({ ...request, id: row?.id } as never);
  };
  return {
    real,
    model: () => {
      reference.judge(request);
      return true;
    },
  };
});

/** Reconciler and apply jobs, as the worker does them. */
async function reconcile(world: World): Promise<void> {
  const { db, module } = world.t;
  const progress = module.get(PromotionProgress);
  const ours = async (state: string) =>
    db.query<{ id: string }>(sql`SELECT id FROM promotion_requests
      WHERE model_id = ${world.model.id}::uuid AND (${state} = 'ANY' OR state = ${state}) ORDER BY number`);
  const ids = (await ours('ANY')).map(({ id }) => id);
  await world.t.as(worker, async () => {
    for (const work of await progress.due()) if (ids.includes(work.id)) await progress.bringOn(work);
    for (const { id } of await ours('APPROVED')) await progress.apply(id);
  });
}

const tick = step('reconcile', people, (_drawn, reference, world) => ({
  real: () => reconcile(world),
  model: () => {
    reference.reconcile();
    return true;
  },
}));

const requesters = (name: 'cancel' | 'resubmit' | 'rerun') =>
  onRequest(name, ['scientist', 'owner'], ({ who, at, flag, request: drawn, world, reference }) => {
    const rerun = flag % 4 === 0 ? 'AWAITING_APPROVAL' : 'BLOCKED';
    const needed = { cancel: '', resubmit: 'CHANGES_REQUESTED', rerun }[name];
    const request = inState(reference, needed, at) ?? drawn;
    // Cancelled rarely: what is cancelled goes no further.
    if (name === 'cancel' && flag % 4 !== 0) return undefined;
    const requests = world.t.module.get(PromotionRequests);
    const { number } = request;
    const real = () =>
      world.as(who, () => {
        if (name === 'cancel') return requests.cancel({ number });
        return name === 'resubmit' ? requests.resubmit({ number, comment: 'done' }) : requests.rerunGates({ number });
      });
    return { real, model: () => reference[name](who, request) };
  });

const withdraw = onRequest('withdraw', leads, ({ who: anybody, flag, request, world, reference }) => {
  const { number, decisions } = request;
  const who = flag % 2 === 0 ? (decisions[0]?.who ?? anybody) : anybody;
  return {
    real: () => world.as(who, () => world.t.module.get(Decisions).withdraw({ number })),
    model: () => reference.withdraw(who, request),
  };
});

const exceptions = [
  onRequest('waiver', ['risk', 'onCall', 'scientist'], ({ who, request, world, reference }) => {
    const waivers = world.t.module.get(GateWaivers);
    const { number, waiver } = request;
    const proposal = { number, gate: 'prod/sig', reason: 'known' };
    return waiver
      ? {
          real: () => world.as(who, () => waivers.confirm({ id: waiver.id })),
          model: () => reference.confirmWaiver(who, request),
        }
      : {
          real: () => world.as(who, () => waivers.propose(proposal)),
          model: ({ id }) => reference.proposeWaiver(who, request, id),
        };
  }),
  step('breakGlass', ['onCall'], ({ who, at, flag }, reference, world) => {
    if (reference.versions.length === 0 || flag % 6 !== 0) return undefined;
    const version = (at % reference.versions.length) + 1;
    return {
      real: () => world.breakGlass(who, version),
      model: ({ number }) => reference.breakGlass(who, version, number),
    };
  }),
  step('closeReview', leads, ({ who, at }, reference, world) => {
    const broken = reference.requests.filter(({ kind }) => kind === 'BREAK_GLASS');
    const request = broken[at % Math.max(broken.length, 1)];
    if (!request) return undefined;
    const closing = { number: request.number, outcome: 'JUSTIFIED' as const, comment: 'it burned' };
    return {
      real: () => world.as(who, () => world.t.module.get(BreakGlassReviews).close(closing)),
      model: () => reference.closeReview(who, request),
    };
  }),
];

const discussion = onRequest('discussion', [...leads, 'owner'], ({ who, at, request, world, reference }) => {
  const discussions = world.t.module.get(Discussions);
  const thread = request.threads.find(({ open }) => open);
  const { number } = request;
  return thread && at % 4 !== 0
    ? {
        real: () => world.as(who, () => discussions.resolve({ threadId: thread.id })),
        model: () => reference.resolveThread(who, request, thread.id),
      }
    : {
        real: () => world.as(who, () => discussions.open({ number, text: 'why?', blocking: true })),
        model: ({ id }) => reference.openThread(who, request, id),
      };
});

/** What happens around the requests. */
const surroundings = [
  step('register', ['scientist', 'lead', 'owner'], ({ who, flag }, reference, world) => ({
    real: () => world.register(who, flag % 3 !== 0),
    model: () => reference.register(who, flag % 3 !== 0),
  })),
  step('revise', people, ({ flag }, reference, world) =>
    flag % 6 !== 0
      ? undefined
      : {
          real: () => world.revise(),
          model: () => {
            reference.revision += 1;
            return true;
          },
        },
  ),
  step('membership', people, ({ flag }, reference, world) => {
    const who = flag % 8 === 0 ? 'third' : 'second';
    const back = reference.out.has(who);
    return {
      real: () => world.setMembership(who, back),
      model: () => (back ? reference.out.delete(who) : Boolean(reference.out.add(who))),
    };
  }),
  onRequest('expire', people, ({ flag, request, world }) =>
    flag % 8 !== 0 || !isOpen(request)
      ? undefined
      : {
          real: () =>
            world.t.db.execute(
              sql`UPDATE promotion_requests SET expires_at = now() - interval '1 minute' WHERE number = ${request.number}`,
            ),
          model: () => {
            request.expired = true;
            return true;
          },
        },
  ),
  step('moveDirectly', people, ({ who, at }, reference, world) => {
    const version = (at % 3) + 1;
    return {
      real: () => world.as(who, () => world.t.module.get(Targets).setAlias(world.model.fullName, 'champion', version)),
      // Nobody moves it; the owner may set what is set already, and nothing comes of it.
      model: () => who === 'owner' && version === reference.holder,
    };
  }),
];

const openings = [
  step('request', ['scientist', 'lead', 'owner'], ({ who, at }, reference, world) => {
    if (reference.versions.length === 0) return undefined;
    const version = reference.versions.length - (at % Math.min(3, reference.versions.length));
    return {
      real: () => world.as(who, () => world.t.module.get(PromotionRequests).create(world.opening(version))),
      model: ({ number }) => reference.open('PROMOTION', who, version, number),
    };
  }),
  step('rollback', ['scientist', 'lead', 'owner'], ({ who }, reference, world) => {
    const { version: _, ...asked } = world.opening(0);
    return {
      real: () => world.as(who, () => world.t.module.get(PromotionRequests).rollback(asked)),
      model: ({ number }) => reference.open('ROLLBACK', who, reference.previous, number),
    };
  }),
];

/** Every act, those that bring requests on more often than those that end them. */
export const steps = [
  ...surroundings,
  surroundings[0],
  ...openings,
  ...openings,
  openings[0],
  ...Array(12).fill(decide),
  ...Array(4).fill(gates),
  ...Array(3).fill(tick),
  withdraw,
  requesters('cancel'),
  requesters('resubmit'),
  requesters('rerun'),
  requesters('rerun'),
  ...exceptions,
  ...exceptions,
  discussion,
] as fc.Arbitrary<fc.AsyncCommand<Reference, World>>[];
