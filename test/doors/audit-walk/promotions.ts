import sql from 'sql-template-tag';
import type { WalkWorld } from './world.js';

/** A request of the owner, and what can be said of it. */
export interface Opened {
  model: string;
  number: number;
  /** As events call it. */
  name: string;
}

const approvals = [{ name: 'lead', count: 1, approvers: ['lead'] }];
const ofModel = (w: WalkWorld, model: string, rules: object) =>
  w.done('policyCreate', {
    on: { kind: 'REGISTERED_MODEL', fullName: model },
    name: w.fresh('policy'),
    rules: { approvals, ...rules },
  });

export const champion = { kind: 'ALIAS', name: 'champion' };

/** A request for `champion`, which waits for the lead. */
export async function awaiting(w: WalkWorld, target: object = champion): Promise<Opened> {
  return open(w, await w.made(1), target);
}

export async function open(w: WalkWorld, model: string, target: object = champion, version = 1): Promise<Opened> {
  const input = { model, version, target, justification: 'because' };
  const { promotionRequest } = await w.done('promotionRequestCreate', input, 'promotionRequest { number }');
  await w.runGates();
  return { model, number: promotionRequest.number, name: `promotion request ${promotionRequest.number}` };
}

/** A request that a gate blocks. */
export async function blocked(w: WalkWorld): Promise<Opened & { gate: string }> {
  const model = await w.made(1);
  const gate = { key: 'card', type: 'MODEL_CARD', modelCard: { tags: ['never'] } };
  await ofModel(w, model, { protects: { aliases: ['gated'] }, gates: [gate] });
  const request = await open(w, model, { kind: 'ALIAS', name: 'gated' });
  return { ...request, gate: (await gateOf(w, request.number)).key };
}

/** A request whose gate waits for the report of a validator. */
export async function validated(w: WalkWorld): Promise<Opened & { gateRunId: string; key: string; validator: string }> {
  const [model, validator] = [await w.made(1), w.fresh('validator')];
  const { secret } = await w.done('validatorCreate', { name: validator, url: w.validator.url }, 'secret');
  w.validator.secret = secret;
  const gate = { key: 'external', type: 'EXTERNAL', external: { validator } };
  await ofModel(w, model, { protects: { aliases: ['validated'] }, gates: [gate] });
  const request = await open(w, model, { kind: 'ALIAS', name: 'validated' });
  const { id, key } = await gateOf(w, request.number);
  return { ...request, gateRunId: id, key, validator };
}

async function gateOf(w: WalkWorld, number: number): Promise<{ id: string; key: string }> {
  const gate = await w.t.db.first<{ id: string; key: string }>(sql`
    SELECT g.id, g.key FROM gate_runs g JOIN promotion_requests r ON r.id = g.request_id WHERE r.number = ${number}::int4`);
  if (!gate) throw new Error(`promotion request ${number} has no gate`);
  return gate;
}

export async function evidenceOf(w: WalkWorld, number: number): Promise<string> {
  const row = await w.t.db.first<{ digest: string }>(
    sql`SELECT evidence_digest AS digest FROM promotion_requests WHERE number = ${number}::int4`,
  );
  return row?.digest as string;
}

/** The lead's word on a request. */
export async function decided(w: WalkWorld, { number }: Opened, verdict: string): Promise<void> {
  const evidenceDigest = await evidenceOf(w, number);
  await w.done('promotionRequestDecide', { number, verdict, comment: 'x', evidenceDigest }, '', w.lead);
}
