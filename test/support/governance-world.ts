import { randomUUID } from 'node:crypto';
import { METASTORE_ID, type Securable } from '@app/access';
import sql from 'sql-template-tag';
import { type PolicyRules, parsePolicyRules } from '../../libs/policy/src/policy.js';
import type { Target } from '../../libs/policy/src/target.js';
import { Random } from '../chaos/random.js';
import type { PromotionTest } from './promotion.js';

export interface MadePolicy {
  securableId: string;
  retiredAt: Date | null;
  revisions: { createdAt: Date; rules: PolicyRules }[];
}
export interface MadeTransition {
  model: Securable | null;
  target: Target;
  version: number | null;
  way: 'byRequest' | 'breakGlass' | 'direct';
  at: Date;
}
export interface MadeRequest {
  model: Securable;
  state: string;
  createdAt: Date;
  closedAt: Date | null;
  hasEvidence: boolean;
  hasStatement: boolean;
  decisions: { verdict: string; at: Date }[];
  gates: { status: string; at: Date | null }[];
}
export interface GovernanceWorld {
  models: Securable[];
  policies: MadePolicy[];
  transitions: MadeTransition[];
  requests: MadeRequest[];
  /** An instant of the sixty days that everything happens in. */
  instant(): Date;
}

const day = 86_400_000;
const start = Date.UTC(2026, 0, 1);
const stages = ['Staging', 'Production', 'Archived', 'None'] as const;
const aliases = ['champion', 'Champion', 'prod_a', 'prodxa', 'challenger'];
const patterns = ['champion', 'prod_*', '*a*', 'CHALL*er', '*'];

/** Policies, moves, requests, decisions and gates of two catalogs, and of a model that is gone: rows as the service writes them. */
export async function makeGovernanceWorld(t: PromotionTest, seed: number): Promise<GovernanceWorld> {
  const random = new Random(seed);
  const chance = (part: number) => random.below(1000) < part * 1000;
  const instant = () => new Date(start + random.below(60 * day));
  const later = (than: Date) => new Date(than.getTime() + 1000 + random.below(20 * day));

  const lab = await t.make.schema('lab.tests', t.owner);
  const models = [await t.model(), await t.model(), await t.model('lab.tests.a'), await t.model('lab.tests.b')];
  const places = [METASTORE_ID, t.catalog.id, t.schema.id, lab.id, ...models.map(({ id }) => id)];

  const policies: MadePolicy[] = [];
  for (let made = 0; made < 8; made += 1) {
    const [id, securableId] = [randomUUID(), random.one(places)];
    const written = [instant(), instant()].sort((x, y) => x.getTime() - y.getTime());
    const revisions = written.map((createdAt) => ({
      createdAt,
      rules: parsePolicyRules({
        protects: chance(0.5) ? { stages: [random.one(stages.slice(0, 3))] } : { aliases: [random.one(patterns)] },
        dryRun: chance(0.25),
      }),
    }));
    const retiredAt = chance(0.4) ? later(written[1] as Date) : null;
    await t.db.execute(sql`INSERT INTO policies (id, securable_id, name, name_key, current_revision, created_at, retired_at)
      VALUES (${id}::uuid, ${securableId}::uuid, ${`p${made}`}, ${`p${made}`}, 2, ${written[0]}::timestamptz, ${retiredAt}::timestamptz)`);
    for (const [index, { createdAt, rules }] of revisions.entries()) {
      await t.db.execute(sql`INSERT INTO policy_revisions (id, policy_id, revision, rules, created_at)
        VALUES (gen_random_uuid(), ${id}::uuid, ${index + 1}::int4, ${JSON.stringify(rules)}::jsonb, ${createdAt}::timestamptz)`);
    }
    policies.push({ securableId, retiredAt, revisions });
  }

  const transitions: MadeTransition[] = [];
  for (let made = 0; made < 300; made += 1) {
    const target: Target = chance(0.5)
      ? { kind: 'STAGE', name: random.one(stages) }
      : { kind: 'ALIAS', name: random.one(aliases) };
    const model = chance(0.05) ? null : random.one(models);
    const way = random.one(['byRequest', 'breakGlass', 'direct'] as const);
    const move = { model, target, version: chance(0.1) ? null : 1 + random.below(9), way, at: instant() };
    const request = way === 'direct' ? null : randomUUID();
    await t.db.execute(sql`INSERT INTO stage_transitions (id, model_id, model_full_name, target_kind, target_name, version_number,
        promotion_request_id, break_glass, occurred_at)
      VALUES (gen_random_uuid(), ${model?.id ?? randomUUID()}::uuid, 'm', ${target.kind}, ${target.name}, ${move.version}::int4,
        ${request}::uuid, ${way === 'breakGlass'}::boolean, ${move.at}::timestamptz)`);
    transitions.push(move);
  }

  await t.db.execute(
    sql`INSERT INTO signing_keys (kid, public_key, retired_at) VALUES ('k', 'x', now()) ON CONFLICT DO NOTHING`,
  );
  const requests: MadeRequest[] = [];
  for (let made = 0; made < 60; made += 1) {
    const [id, model, createdAt] = [randomUUID(), random.one(models), instant()];
    const state = random.one(['APPLIED', 'APPLIED', 'REJECTED', 'EXPIRED', 'AWAITING_APPROVAL']);
    const closedAt = state === 'AWAITING_APPROVAL' ? null : later(createdAt);
    const hasEvidence = chance(0.8);
    const hasStatement = state === 'APPLIED' && chance(0.7);
    await t.db.execute(sql`INSERT INTO promotion_requests (id, model_id, model_full_name, version_id, version_number, target_kind,
        target_name, state, requester_id, justification, artifact_digest, effective_policy, evidence_digest, created_at, closed_at)
      VALUES (${id}::uuid, ${model.id}::uuid, 'm', gen_random_uuid(), 1, 'ALIAS', 'champion', ${state}, ${t.scientist.id}::uuid, 'j',
        'sha256:a', '{"approvals": []}', ${hasEvidence ? 'sha256:e' : null}, ${createdAt}::timestamptz, ${closedAt}::timestamptz)`);
    if (hasStatement) {
      await t.db.execute(
        sql`INSERT INTO promotion_statements (request_id, kid, predicate_type, envelope) VALUES (${id}::uuid, 'k', 'p', '{}')`,
      );
    }
    const decisions = Array.from({ length: random.below(4) }, () => ({
      verdict: random.one(['APPROVE', 'REJECT', 'REQUEST_CHANGES']),
      at: later(createdAt),
    }));
    for (const { verdict, at } of decisions) {
      await t.db.execute(sql`INSERT INTO decisions (id, request_id, principal_id, verdict, evidence_digest, decided_at, ended_at, ending)
        VALUES (gen_random_uuid(), ${id}::uuid, ${t.leads[0].id}::uuid, ${verdict}, 'sha256:e', ${at}::timestamptz, ${at}::timestamptz, 'WITHDRAWN')`);
    }
    const gates = Array.from({ length: random.below(3) }, () => {
      const status = random.one(['PASSED', 'FAILED', 'WAIVED', 'RUNNING']);
      return { status, at: status === 'RUNNING' ? null : later(createdAt) };
    });
    for (const [index, { status, at }] of gates.entries()) {
      await t.db.execute(sql`INSERT INTO gate_runs (id, request_id, version_id, policy_revision_id, key, type, config, status, finished_at)
        VALUES (gen_random_uuid(), ${id}::uuid, gen_random_uuid(), gen_random_uuid(), ${`g${index}`}, 'LINEAGE', '{}', ${status}, ${at}::timestamptz)`);
    }
    requests.push({ model, state, createdAt, closedAt, hasEvidence, hasStatement, decisions, gates });
  }
  return { models, policies, transitions, requests, instant };
}
